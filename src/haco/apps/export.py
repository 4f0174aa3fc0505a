"""`haco export`: a network as ONNX, checked against the network it came from as it is written."""

import contextlib
import dataclasses
import functools
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from rich.console import Console
from torch import Tensor, nn

from haco.apps.quantise import Loss, measure_loss, quantise
from haco.data.index import open_dataset
from haco.data.transforms import crop_hand
from haco.files import InputError
from haco.models.contact_net import ContactNet
from haco.models.find import load_network
from haco.models.onnx_net import INPUT, OUTPUTS, OnnxNet, load_onnx
from haco.models.weights import METADATA_KEY, WeightsMeta
from haco.synth.engine import make_sample

OPSET = 20
TOLERANCE = 1e-3
"""Largest difference of an output that float32 may show, for each unit of the largest logit."""
EXTERNAL_FROM = 1_800_000_000
"""A file of more bytes than this keeps its weights beside it: protobuf ends at 2 GiB."""


@dataclasses.dataclass(frozen=True)
class Parity:
    """How far an exported network's logits lie from those of the network it came from."""

    largest: float
    """Largest difference of any output, over all pictures and batch sizes tried."""
    scale: float
    """Largest logit among them."""
    batches: tuple[int, ...]
    """Batch sizes tried."""


class _Flat(nn.Module):
    """A network whose answer is a plain tuple, as ONNX wants it."""

    def __init__(self, network: ContactNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Float[Tensor, "batch 3 256 256"]) -> tuple[Tensor, ...]:
        logits = self.network(image)
        return tuple(it for it in (getattr(logits, name) for name in OUTPUTS) if it is not None)


def export_onnx(
    network: ContactNet, meta: WeightsMeta, out: Path, *, external_from: int = EXTERNAL_FROM
) -> Parity:
    """Write a network as ONNX with a free batch size, and compare both on made pictures of hands.

    Args:
        network: On the CPU.
        meta: Goes into the file, so that `ContactPredictor.load` knows threshold and calibration.
        out: The `.onnx` file. Beside a large one its weights lie in `.onnx.data`.
        external_from: Bytes of weights from which that is so.

    Returns:
        How far apart the two are. A file that fails is not kept.

    Raises:
        InputError: onnx is not installed, `out` cannot be written, or the two differ.
    """
    onnx = need_onnx(out)
    if out.suffix != ".onnx":
        raise InputError(f"{out}: networks are exported as .onnx; end the name with that")
    network.set_levels(())
    with _quietly():
        program = torch.onnx.export(
            _Flat(network).eval(),
            (torch.zeros(2, 3, 256, 256),),
            dynamo=True,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=_output_names(network),
            dynamic_shapes={INPUT: {0: torch.export.Dim("batch")}},
        )
    assert program is not None
    with _replacing(out) as part:
        size = sum(it.numel() * it.element_size() for it in network.state_dict().values())
        program.save(part, external_data=size >= external_from)
        model = onnx.load(part, load_external_data=False)
        onnx.helper.set_model_props(model, {METADATA_KEY: meta.to_json()})
        onnx.save(model, part)
        parity = measure_parity(network, part)
        if parity.largest > TOLERANCE * max(1.0, parity.scale):
            raise InputError(
                f"{out}: not written, its logits differ by {parity.largest:.2g} from the network's "
                f"(largest {parity.scale:.2g}); update onnxruntime, or report this network"
            )
    return parity


def need_onnx(out: Path) -> Any:
    """Give the package onnx, or say how to get it."""
    try:
        import onnx
        import onnxruntime  # noqa: F401 - the check needs it
        import onnxscript  # noqa: F401 - torch's exporter needs it
    except ImportError as error:
        raise InputError(
            f"{out}: exporting needs onnx, onnxscript and onnxruntime; pip install 'haco[export]'"
        ) from error
    return onnx


@torch.inference_mode()
def measure_parity(network: ContactNet, path: Path, *, batches: tuple[int, ...] = (1, 3)) -> Parity:
    """Compare an exported network with its origin on made pictures of hands.

    Args:
        network: The origin, on the CPU.
        path: The ONNX file.
        batches: Batch sizes to try.

    Raises:
        InputError: Either gives values that are not finite, so that nothing can be compared.
    """
    exported, _ = load_onnx(path)
    network = network.eval()
    largest = scale = 0.0
    for batch in batches:
        image = made_crops(batch)
        ours, theirs = network(image), exported(image)
        scale = max(scale, float(ours.vertices.abs().max()))
        for name in _output_names(network):
            difference = getattr(ours, name) - getattr(theirs, name)
            if not torch.isfinite(difference).all():
                raise InputError(
                    f"{path}: its {name} or the network's are not finite on made pictures; check "
                    "the weights"
                )
            largest = max(largest, float(difference.abs().max()))
    return Parity(largest, scale, batches)


def made_crops(count: int) -> Float[Tensor, "count 3 256 256"]:
    """Give crops of hands from the picture engine, 0..1."""
    samples = [make_sample("easy", 1000, index) for index in range(count)]
    crops = np.stack([crop_hand(it.image, it.box, it.side)[0] for it in samples])
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255


def _output_names(network: ContactNet) -> list[str]:
    has = {
        "vertices": True,
        "touch": network.touch is not None,
        "keypoints": network.context is not None,
    }
    return [name for name in OUTPUTS if has[name]]


@contextlib.contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """Give a path in a folder of its own; what was written there then takes its place at `out`.

    The name is already the final one, since an ONNX file names the file of its weights.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".part-") as place:
            part = Path(place) / out.name
            yield part
            for file in sorted(Path(place).iterdir(), reverse=True):  # the weights first
                file.replace(out.parent / file.name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{out}: cannot be written ({reason}); free some space or choose another folder"
        ) from error


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep torch's exporter from talking about itself."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with contextlib.redirect_stdout(None):
                yield
    finally:
        logger.setLevel(before)


def export_command(
    weights: str, out: Path, *, is_int8: bool, data: str, num: int, root: Path | None
) -> int:
    """Export weights, and print how near the result is to them and what eight bits lose."""
    network, meta = load_network(weights)
    if isinstance(network, OnnxNet):
        raise InputError(f"{weights}: is an ONNX file already; name the weights it came from")
    show = functools.partial(Console(highlight=False, soft_wrap=True).print, markup=False)
    parity = export_onnx(network, meta, out)
    show(
        f"{out}: {megabytes(out)}, any batch size; on made hands no output differs by more than "
        f"{parity.largest:.1e} from {weights} (largest logit {parity.scale:.1f})"
    )
    if is_int8:
        small = out.with_name(f"{out.stem}-int8.onnx")
        quantise(out, small)
        options: dict[str, Any] = {"num": num} if data.startswith("synthetic") else {}
        reader = open_dataset(data, root, split="test", **options)
        loss = measure_loss(network, load_onnx(small)[0], meta, reader)
        show(f"{small}: {megabytes(small)}, matrices of eight bits")
        show(describe_loss(loss, f"{loss.num_hands} hands of {data}"))
    show(f"use it: haco predict PHOTO --weights {out} --out DIR")
    return 0


def describe_loss(loss: Loss, where: str) -> str:
    """Say in words what eight bits cost."""
    told = (
        f"average precision on {where}: {loss.before:.4f} before, {loss.after:.4f} after; "
        if loss.before is not None
        else f"on {where}, whose truth is not of these vertices: "
    )
    return told + (
        f"{loss.flipped:.2%} of vertices decided otherwise, average precision against the "
        f"original's own contact {loss.agreement:.4f}"
    )


def megabytes(path: Path) -> str:
    """Give the size of an ONNX file and of the weights beside it."""
    files = (path, path.with_name(f"{path.name}.data"))
    return f"{sum(file.stat().st_size for file in files if file.is_file()) / 1e6:.1f} MB"
