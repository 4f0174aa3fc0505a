"""Files that say how a hand is posed, and the prediction that goes with it."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from haco.downstream.grasp import HandPose
from haco.files import InputError, write_atomically
from haco.types import SIDES, Side

_SHAPES = {"betas": (10,), "global_orient": (3,), "hand_pose": (15, 3), "transl": (3,)}


def read_pose(path: Path) -> tuple[HandPose, Side]:
    """Read a hand's pose.

    The file is JSON: `side`, and in the object's frame `betas` (10), `global_orient` (axis-angle
    about the wrist, radians), `hand_pose` (15 x 3 or 45 numbers: axis-angle of each finger joint
    from the flat rest pose, radians) and `transl` (metres). What is left out is zero.

    Args:
        path: The file.

    Raises:
        InputError: Missing, not JSON, or a value of another kind or size.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; give a JSON file with a hand's pose") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: holds no object with {', '.join(_SHAPES)}")
    unknown = sorted(values.keys() - {*_SHAPES, "side"})
    if unknown:
        raise InputError(
            f"{path}: {unknown[0]!r} is not a part of a pose; it has side, {', '.join(_SHAPES)}"
        )
    side = values.get("side", "right")
    if side not in SIDES:
        raise InputError(f"{path}: side {side!r} is unknown; say left or right")
    parts = {name: _numbers(path, name, values.get(name), shape) for name, shape in _SHAPES.items()}
    return HandPose(**parts), side


def write_pose(path: Path, pose: HandPose, side: Side) -> None:
    """Write the first hand of a batch, as `read_pose` reads it."""
    values: dict[str, Any] = {"side": side}
    for name in _SHAPES:
        values[name] = np.round(getattr(pose, name)[0].numpy().astype(float), 6).tolist()
    with write_atomically(path) as part:
        part.write_text(json.dumps(values, indent=1) + "\n", "utf-8")


def read_contact(path: Path, number: int) -> Bool[np.ndarray, "778"]:
    """Read which vertices of one hand touch, from what `haco predict` wrote.

    Args:
        path: The `.npz` file; its `contact` is used, (hands, 778), true or false.
        number: Which of its hands.

    Raises:
        InputError: Missing, of another kind, or without that hand.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = stored["contact"]
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; haco predict writes it") from error
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: holds no contact ({error}); haco predict writes it") from error
    if found.ndim != 2 or found.shape[1] != 778 or found.dtype != bool:
        raise InputError(
            f"{path}: contact is {found.dtype} of shape {found.shape}; "
            "bool of shape (hands, 778) is needed"
        )
    if not 0 <= number < len(found):
        raise InputError(f"{path}: has {len(found)} hands; there is none of number {number}")
    return found[number]


def _numbers(path: Path, name: str, value: Any, shape: tuple[int, ...]) -> torch.Tensor:
    if value is None:
        return torch.zeros(1, *shape)
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {name} must be numbers") from error
    if array.size != math.prod(shape):
        size = " x ".join(map(str, shape))
        raise InputError(f"{path}: {name} has {array.size} numbers; {size} are needed")
    if not np.isfinite(array).all():
        raise InputError(f"{path}: {name} holds numbers that are not finite")
    return torch.from_numpy(array.reshape(1, *shape)).float()
