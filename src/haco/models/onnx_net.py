"""A network in an ONNX file, run by onnxruntime behind the same call as `ContactNet`."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.files import InputError
from haco.models.weights import METADATA_KEY, WeightsMeta, parse_meta
from haco.types import ContactLogits

if TYPE_CHECKING:
    import onnxruntime

INPUT = "image"
OUTPUTS = ("vertices", "touch", "keypoints")
"""Logits of the vertices; logit of touch and joints, where the network has them."""


class OnnxNet(nn.Module):
    """An exported network: crops in, contact logits out."""

    def __init__(self, session: "onnxruntime.InferenceSession", device: torch.device) -> None:
        super().__init__()
        self.session = session
        self.device = device
        self.names = [output.name for output in session.get_outputs()]

    def forward(self, image: Float[Tensor, "batch 3 256 256"]) -> ContactLogits:
        """Predict contact; the levels below the vertices are not in the file.

        Args:
            image: Crops of right hands, RGB, 0..1.
        """
        pixels = np.ascontiguousarray(image.float().cpu().numpy())
        values = self.session.run(self.names, {INPUT: pixels})
        found = {
            name: torch.from_numpy(np.asarray(value))
            for name, value in zip(self.names, values, strict=True)
        }
        return ContactLogits(found["vertices"], (), found.get("touch"), found.get("keypoints"))


def load_onnx(path: Path, device: torch.device | None = None) -> tuple[OnnxNet, WeightsMeta]:
    """Open a file of `haco export`.

    It computes on as many threads as torch does (`torch.set_num_threads`, `OMP_NUM_THREADS`).

    Args:
        path: The `.onnx` file; large networks have their weights beside it in `.onnx.data`.
        device: `cpu` or `cuda`; None is the CPU.

    Raises:
        InputError: The file is missing, damaged or not ours, onnxruntime is not installed, or
            cannot compute on this device.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(
            f"{path}: running ONNX files needs onnxruntime; pip install 'haco[export]'"
        ) from error
    if not path.is_file():
        raise InputError(f"{path}: no such ONNX file; check the path")
    device = torch.device("cpu") if device is None else device
    provider = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}.get(device.type)
    if provider is None or provider not in onnxruntime.get_available_providers():
        raise InputError(f"onnxruntime as installed here cannot compute on '{device}'; try cpu")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:  # onnxruntime's own errors share no base class
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: cannot be run ({reason}); export it again") from error
    return OnnxNet(session, device), _read_meta(path, session)


def _read_meta(path: Path, session: "onnxruntime.InferenceSession") -> WeightsMeta:
    known = session.get_modelmeta().custom_metadata_map
    if METADATA_KEY not in known or [it.name for it in session.get_inputs()] != [INPUT]:
        raise InputError(f"{path}: ONNX without haco's metadata; give a file of `haco export`")
    return parse_meta(path, known[METADATA_KEY])
