"""Our weight files: safetensors that say what they are, how they were made and what they score."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

import haco
from haco.files import InputError, write_atomically
from haco.models.contact_net import ContactNet
from haco.models.networks import HANDLINGS, Handling, create_unfilled
from haco.types import ContactLogits

ASSETS = Path(__file__).parent / "assets"
METADATA_KEY = "haco"
TOPOLOGIES = ("open", "mano")


@dataclasses.dataclass(frozen=True, kw_only=True)
class WeightsMeta:
    """What travels with the weights of a network."""

    network: str
    """Name for `create_model`."""
    handling: Handling = "fixed"
    """How the network treats its input: `reference` for weights released with the paper."""
    topology: str = "open"
    """Hand whose vertices the logits belong to: `open` or `mano`."""
    threshold: float = 0.5
    """A vertex touches where its calibrated probability reaches this."""
    touch_threshold: float = 0.5
    """The hand touches something where its touch probability reaches this."""
    temperature: float = 1.0
    """Divides the vertex logits before the sigmoid (calibration)."""
    bias: float = 0.0
    """Is then added to them (calibration)."""
    vertex_bias: tuple[float, ...] = ()
    """Each vertex's own, added to that (calibration); empty if all have the shared one only."""
    touch_temperature: float = 1.0
    """Divides the touch logit before the sigmoid (calibration)."""
    touch_bias: float = 0.0
    """Is then added to it (calibration)."""
    calibrated_on: str = ""
    """Hands that temperature, bias and threshold were chosen by, and what the threshold is for."""
    protocol: str = "harmonised"
    """Contact protocol of the labels they learned from: how near is contact."""
    command: str = ""
    """The command that made the weights."""
    picture_set: str = ""
    """Data they learned from: a picture set or data sets."""
    seed: int = 0
    """Seed of that run."""
    scores: dict[str, float] = dataclasses.field(default_factory=dict)
    """What they score, by the evaluation's own names; `num_samples` among them."""
    source: str = ""
    """Where the weights came from, if they were converted."""
    licence: str = "Apache-2.0"
    """Licence of the weights."""
    haco_version: str = haco.__version__
    """Version of haco that wrote the file."""

    def __post_init__(self) -> None:
        for name, known in (("topology", TOPOLOGIES), ("handling", HANDLINGS)):
            value = getattr(self, name)
            if value not in known:
                raise InputError(f"{name} '{value}' is unknown; it is one of {', '.join(known)}")
        for name in ("temperature", "touch_temperature"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value}; it must be a positive number")
        if not all(map(math.isfinite, self.vertex_bias)):
            raise InputError("vertex_bias holds numbers that are not finite")

    def to_json(self) -> str:
        """Give it as it stands in files."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    def probabilities(
        self, logits: ContactLogits
    ) -> tuple[Float[Tensor, "batch vertices"], Float[Tensor, " batch"]]:
        """Give calibrated probabilities: of each vertex, and that the hand touches anything.

        A network without a touch head is taken to say that the hand touches anything as surely
        as its surest vertex does.
        """
        vertices = torch.sigmoid(logits.vertices / self.temperature + self._offset(logits.vertices))
        if logits.touch is None:
            return vertices, vertices.amax(dim=-1)
        return vertices, torch.sigmoid(logits.touch / self.touch_temperature + self.touch_bias)

    def _offset(self, vertices: Float[Tensor, "batch vertices"]) -> Tensor | float:
        if not self.vertex_bias:
            return self.bias
        if len(self.vertex_bias) != vertices.shape[-1]:
            raise InputError(
                f"calibrated for {len(self.vertex_bias)} vertices, but the network gives "
                f"{vertices.shape[-1]}; calibrate again"
            )
        return self.bias + torch.tensor(self.vertex_bias).to(vertices)


def bundled_weights(name: str) -> Path:
    """Give the path of the weights that ship with haco for a network.

    Raises:
        InputError: None ship for this network.
    """
    path = ASSETS / f"{name}.safetensors"
    if not path.is_file():
        have = ", ".join(sorted(other.stem for other in ASSETS.glob("*.safetensors"))) or "none"
        raise InputError(
            f"no weights for '{name}' ship with haco (bundled: {have}); give a path to some"
        )
    return path


def save_weights(path: Path, model: ContactNet, meta: WeightsMeta, *, is_half: bool = True) -> None:
    """Write a network's weights and what is known about them, atomically.

    Args:
        path: The file, by custom `.safetensors`.
        model: The network that `meta` names.
        meta: Config, calibration and provenance.
        is_half: Store matrices and kernels as float16. Vectors (norms, biases, running statistics)
            stay float32: they are few, and variances leave float16's range.

    Raises:
        InputError: A weight is not finite, or the file cannot be written.
    """
    tensors = {}
    for key, value in model.state_dict().items():
        stored = value.detach().cpu().contiguous()
        if is_half and stored.is_floating_point() and stored.ndim >= 2:
            stored = stored.half()
        if not bool(torch.isfinite(stored).all()):
            raise InputError(f"{path}: not written, weight '{key}' is not finite; train again")
        tensors[key] = stored
    # One key only: safetensors writes several in an order that changes from run to run.
    metadata = {METADATA_KEY: meta.to_json()}
    content = safetensors.torch.save(tensors, metadata)
    with write_atomically(path) as part:
        part.write_bytes(content)


def copy_weights(source: Path, out: Path, meta: WeightsMeta) -> None:
    """Write the weights of one file to another, bit for bit, with other words about them.

    Args:
        source: A file of `save_weights`.
        out: The file to write, atomically; may be the same.
        meta: What is now known about them.

    Raises:
        InputError: As `load_weights`, or the file cannot be written.
    """
    _, tensors = _read(source)
    content = safetensors.torch.save(tensors, {METADATA_KEY: meta.to_json()})
    with write_atomically(out) as part:
        part.write_bytes(content)


def load_weights(path: Path, *, topology: str | None = None) -> tuple[ContactNet, WeightsMeta]:
    """Read a file of `save_weights` into a fresh float32 network in evaluation mode, on the CPU.

    Args:
        path: The file.
        topology: The hand that the caller speaks of; None takes any.

    Raises:
        InputError: The file is missing, damaged, not ours, of another topology, or does not fit
            the network that it names.
    """
    text, tensors = _read(path)
    meta = parse_meta(path, text)
    if topology is not None and meta.topology != topology:
        raise InputError(
            f"{path}: weights for the {meta.topology} hand's vertices, but the {topology} hand is "
            f"in use; load that hand or other weights"
        )
    model = create_unfilled(meta.network, handling=meta.handling)
    check_tensors(str(path), model.state_dict(), tensors)
    model.load_state_dict({key: _full(value) for key, value in tensors.items()})
    return model.eval(), meta


def check_tensors(where: str, expected: dict[str, Tensor], found: dict[str, Tensor]) -> None:
    """Refuse tensors that do not fit a network exactly, or are not finite.

    Args:
        where: File to name in the message.
        expected: The network's state dict.
        found: What is to be loaded into it.

    Raises:
        InputError: Keys are missing, extra or misshapen, or a value is not finite.
    """
    problems = [
        _count("missing", sorted(expected.keys() - found.keys())),
        _count("not expected", sorted(found.keys() - expected.keys())),
        _count(
            "misshapen",
            [
                f"{key} {tuple(found[key].shape)} instead of {tuple(value.shape)}"
                for key, value in expected.items()
                if key in found and found[key].shape != value.shape
            ],
        ),
        _count("not finite", [key for key, v in found.items() if not torch.isfinite(v).all()]),
    ]
    said = [problem for problem in problems if problem]
    if said:
        raise InputError(f"{where}: does not fit the network: {'; '.join(said)}")


def _count(what: str, keys: list[str]) -> str:
    if not keys:
        return ""
    shown = ", ".join(keys[:3])
    return f"{len(keys)} {what} ({shown}{', ...' if len(keys) > 3 else ''})"


def _full(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def _read(path: Path, *, with_tensors: bool = True) -> tuple[str, dict[str, Tensor]]:
    if not path.is_file():
        raise InputError(f"{path}: no such weights file; check the path")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            keys = file.keys() if with_tensors else ()
            tensors = {key: file.get_tensor(key) for key in keys}
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: damaged or not a safetensors file ({error}); get a whole copy"
        ) from error
    if METADATA_KEY not in metadata:
        raise InputError(
            f"{path}: safetensors without haco's metadata; give a file that haco wrote, or if it "
            f"holds weights released with HACO: haco convert {path} --out FILE.safetensors"
        )
    return metadata[METADATA_KEY], tensors


def read_meta(path: Path) -> WeightsMeta:
    """Read what a weights file says of itself, without its weights.

    Raises:
        InputError: As `load_weights`.
    """
    return parse_meta(path, _read(path, with_tensors=False)[0])


def parse_meta(path: Path, text: str) -> WeightsMeta:
    """Read the metadata of a file, as `WeightsMeta.to_json` wrote it."""
    try:
        values: dict[str, Any] = json.loads(text)
        values["vertex_bias"] = tuple(values.get("vertex_bias", ()))  # JSON has lists only
        return WeightsMeta(**values)
    except (json.JSONDecodeError, TypeError) as error:
        raise InputError(
            f"{path}: its metadata cannot be read ({error}); update haco or save it again"
        ) from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
