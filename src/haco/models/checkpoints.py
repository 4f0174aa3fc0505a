"""Reading other people's checkpoints: tensors come out, and nothing in the file is ever run."""

import pickle
import re
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from haco.files import InputError

WRAPPERS = ("state_dict", "network", "model")
"""Where trainers put the weights inside their checkpoint: Lightning, HandOccNet, others."""
PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
"""What wrappers put before every name: DataParallel, torch.compile, Lightning modules."""
SETTINGS_LIBRARIES = ("omegaconf", "yacs", "typing", "pytorch_lightning", "lightning", "argparse")
"""Their objects lie beside the weights in some checkpoints. We need none of them."""


def read_state(source: str | Path | Mapping[str, object]) -> tuple[str, dict[str, Tensor]]:
    """Read the weights of a checkpoint, unwrapped and in float32.

    Args:
        source: A `.ckpt`, `.pth`, `.pt`, `.tar` or `.safetensors` file, or what was read from one.

    Returns:
        A name for error messages, and the tensors by key.

    Raises:
        InputError: No such file, damaged, holds code, or has no weights in it.
    """
    if isinstance(source, Mapping):
        return "state dict", unwrap("state dict", source)
    path = Path(source)
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint; check the path")
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    return str(path), unwrap(str(path), content)


def unwrap(where: str, content: object) -> dict[str, Tensor]:
    """Find the weights inside a checkpoint and take wrappers' prefixes off their names."""
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not content:
        raise InputError(f"{where}: holds no state dict; give a checkpoint with named weights")
    strange = [key for key, value in content.items() if not isinstance(value, Tensor)]
    if strange:
        raise InputError(
            f"{where}: holds no state dict ('{strange[0]}' is a "
            f"{type(content[strange[0]]).__name__}, not a tensor); give a checkpoint of weights"
        )
    state = {str(key): value for key, value in content.items()}
    while prefix := next((p for p in PREFIXES if all(key.startswith(p) for key in state)), ""):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return {
        key: value.float() if value.is_floating_point() else value for key, value in state.items()
    }


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: damaged or not safetensors; get a whole copy") from error


def _read_torch(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old pickle protocols: read or refused, either way
            with torch.serialization.safe_globals(_stand_ins(path)):
                return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        asked = re.search(r"GLOBAL (\S+)", str(error))
        what = f"asks to run '{asked[1]}'" if asked else "holds more than weights, or is damaged"
        raise InputError(
            f"{path}: refused, nothing in it was run: it {what}; "
            "get the file from its authors' own site, or one that holds weights only"
        ) from error
    except Exception as error:  # a damaged file can fail in any way at all
        raise InputError(
            f"{path}: damaged or not a checkpoint ({type(error).__name__}); get a whole copy"
        ) from error


def _stand_ins(path: Path) -> list[Any]:
    """Let an empty dict stand for each settings object in the file, so that reading goes on."""
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except (ValueError, RuntimeError, pickle.UnpicklingError):
        return []  # not of the format that can be listed; reading it will say what it is
    return [(OrderedDict, name) for name in names if name.split(".")[0] in SETTINGS_LIBRARIES]
