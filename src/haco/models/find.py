"""From what a user writes for weights (a name, a file, a folder, a place on the hub) to a file."""

import json
import re
from pathlib import Path

import torch

from haco.files import InputError
from haco.models.contact_net import ContactNet
from haco.models.networks import NETWORKS
from haco.models.onnx_net import OnnxNet, load_onnx
from haco.models.weights import WeightsMeta, bundled_weights, load_weights, read_meta

WEIGHTS_NAME = "model.safetensors"
"""What the weights are called in a saved folder and on the hub."""
CONFIG_NAME = "config.json"
"""A readable copy of what the weights say of themselves."""
OTHERS = (".ckpt", ".pth", ".pt", ".tar", ".bin")
"""Suffixes of other programs' checkpoints."""

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def load_network(
    name_or_path: str | Path, device: torch.device | None = None, *, revision: str | None = None
) -> tuple[ContactNet | OnnxNet, WeightsMeta]:
    """Load what a user means by a name or path, in evaluation mode.

    Args:
        name_or_path: As in `find_weights`.
        device: Where to compute; None is the CPU.
        revision: As in `find_weights`.

    Raises:
        InputError: There is nothing of the kind, or it cannot be used.
    """
    path = find_weights(name_or_path, revision=revision)
    if path.suffix == ".onnx":
        return load_onnx(path, device)
    network, meta = load_weights(path)
    return network.to(device), meta


def find_weights(name_or_path: str | Path, *, revision: str | None = None) -> Path:
    """Give the weights file that a user means; from the hub it is fetched once and then kept.

    Args:
        name_or_path: A `.safetensors` or `.onnx` file, a folder of `save_pretrained`, a network
            whose weights come with haco, or `owner/name` on the Hugging Face hub. A folder that
            is there goes before a place on the hub of the same name.
        revision: Branch, tag or commit on the hub.

    Raises:
        InputError: There is nothing of the kind, or the hub cannot be reached.
    """
    text, path = str(name_or_path), Path(name_or_path)
    if path.is_dir():
        return _in_folder(path)
    if path.suffix in (".safetensors", ".onnx"):
        return path
    if path.suffix in OTHERS:
        if not path.is_file():
            raise InputError(f"{path}: no such file; check the path")
        raise InputError(
            f"{path}: another program's checkpoint; make weights of it first: "
            f"haco convert {path} --out {path.with_suffix('.safetensors').name}"
        )
    if text in NETWORKS:
        return bundled_weights(text)
    if _HUB_NAME.fullmatch(text):
        from haco.models.hub import fetch_file  # its library takes a second to import

        return fetch_file(text, WEIGHTS_NAME, revision=revision)
    raise InputError(
        f"{text}: no such weights; give a .safetensors or .onnx file, a saved folder, owner/name "
        f"on the Hugging Face hub, or a network's name ({', '.join(NETWORKS)})"
    )


def _in_folder(folder: Path) -> Path:
    weights = folder / WEIGHTS_NAME
    if not weights.is_file():
        others = sorted(path.name for path in folder.glob("*.safetensors"))
        have = f"it has {', '.join(others)}: name one" if others else "save_pretrained writes one"
        raise InputError(f"{folder}: a folder without {WEIGHTS_NAME}; {have}")
    _check_copy(folder / CONFIG_NAME, weights)
    return weights


def _check_copy(config: Path, weights: Path) -> None:
    """Refuse a folder whose readable config was changed: it is a copy, and would not be heard."""
    if not config.is_file():
        return
    try:
        copy = json.loads(config.read_text("utf-8"))
    except ValueError as error:
        raise InputError(f"{config}: not JSON ({error}); delete it, the weights hold it") from error
    truth = json.loads(read_meta(weights).to_json())
    other = [name for name in truth if name in copy and copy[name] != truth[name]]
    if other:
        name = other[0]
        raise InputError(
            f"{config}: says {name} {copy[name]!r}, but the weights beside it say {truth[name]!r}; "
            f"it is only a copy: change it with haco.models.save_weights, or put it back"
        )
