"""MANO, read from the two files that each user gets from its authors; none of it comes with haco.

Needed are `MANO_RIGHT.pkl` and `MANO_LEFT.pkl` (version 1.2), from https://mano.is.tue.mpg.de after
registering there and accepting their licence; they lie in `mano_v1_2/models` of the download.
They go into a folder that is passed as `mano_dir` or named by the variable `HACO_MANO_DIR`.

Quirks that are settled here:

- The arrays are chumpy's, the joint regressor is scipy's: `haco.pickles` reads both.
- The left file's shape basis has its x row as the right file has it, not mirrored, so that shape
  coefficients deform a left hand wrongly. `fix_left_shape` mends it. Some datasets were fitted with
  the basis as shipped; their readers ask for it so.
- The files hold no coarse levels and no named parts. They are derived from the right hand's shape
  and skin weights, for both sides, so that vertex i means the same place on either.
"""

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64, Int64

from haco.files import InputError
from haco.geometry.mesh import close_holes
from haco.hands.levels import (
    derive_clusters,
    derive_keypoint_clusters,
    regressor_of_clusters,
    regressor_of_members,
)
from haco.hands.model import HandModel
from haco.hands.parts import PART_NAMES, derive_regions
from haco.hands.skeleton import PARENTS
from haco.pickles import load_pickle
from haco.types import NUM_VERTICES, Side

TIPS = (745, 317, 445, 556, 673)
"""The vertices at the ends of thumb, index, middle, ring and little."""
_MIRROR = np.array([-1.0, 1.0, 1.0])
_MIRROR_TOLERANCE = 1e-3


@dataclasses.dataclass(frozen=True, kw_only=True)
class _ManoFile:
    """What one of the two files holds, in our names."""

    template: Float64[np.ndarray, "vertices 3"]
    faces: Int64[np.ndarray, "faces 3"]
    shapedirs: Float64[np.ndarray, "vertices 3 10"]
    posedirs: Float64[np.ndarray, "vertices 3 135"]
    J_regressor: Float64[np.ndarray, "16 vertices"]
    lbs_weights: Float64[np.ndarray, "vertices 16"]
    mean_pose: Float64[np.ndarray, "15 3"]
    pose_basis: Float64[np.ndarray, "45 15 3"]


def load_mano(
    side: Side, mano_dir: str | Path | None = None, *, fix_left_shape: bool = True
) -> HandModel:
    """Read one side of the user's own MANO; the left one needs both files.

    Args:
        side: Which hand.
        mano_dir: The folder with the two files; by default the variable `HACO_MANO_DIR`.
        fix_left_shape: Whether to mend the left file's shape basis, where it needs that.

    Returns:
        The hand, in single precision on the CPU.

    Raises:
        InputError: A file is missing or is not MANO's.
    """
    folder = _folder(mano_dir)
    right = _read(folder / "MANO_RIGHT.pkl")
    hand = right
    if side == "left":
        hand = _read(folder / "MANO_LEFT.pkl")
        if not np.allclose(hand.template * _MIRROR, right.template, rtol=0, atol=_MIRROR_TOLERANCE):
            raise InputError(
                f"{folder / 'MANO_LEFT.pkl'}: is not the mirror image of MANO_RIGHT.pkl; "
                "get both files from one version of MANO"
            )
        if fix_left_shape:
            hand = dataclasses.replace(hand, shapedirs=_left_shapedirs(hand, right))
    return _hand_model(hand, right, side)


def _left_shapedirs(left: _ManoFile, right: _ManoFile) -> Float64[np.ndarray, "vertices 3 10"]:
    if np.abs(left.shapedirs[:, 0] - right.shapedirs[:, 0]).sum() >= 1:
        return left.shapedirs  # mirrored already
    return left.shapedirs * _MIRROR[:, None]


def _hand_model(hand: _ManoFile, right: _ManoFile, side: Side) -> HandModel:
    joints, tips = right.J_regressor @ right.template, right.template[list(TIPS)]
    clusters = derive_clusters(right.template, right.faces, (336, 84))
    members = derive_keypoint_clusters(right.template, right.lbs_weights, joints, tips)
    part, nail = derive_regions(right.template, right.faces, right.lbs_weights, joints, tips)
    levels = [regressor_of_clusters(cluster) for cluster in clusters]
    return HandModel(
        topology="mano",
        side=side,
        parents=torch.tensor(PARENTS),
        tips=torch.tensor(TIPS),
        parts={name: torch.from_numpy(part == i) for i, name in enumerate(PART_NAMES)},
        levels=(*levels, regressor_of_members(members)),
        nail=torch.from_numpy(nail),
        faces=torch.from_numpy(hand.faces),
        closed_faces=torch.from_numpy(close_holes(hand.faces)),
        template=_tensor(hand.template),
        shapedirs=_tensor(hand.shapedirs),
        posedirs=_tensor(hand.posedirs),
        J_regressor=_tensor(hand.J_regressor),
        lbs_weights=_tensor(hand.lbs_weights),
        mean_pose=_tensor(hand.mean_pose),
        pose_basis=_tensor(hand.pose_basis),
    )


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float32)


def _folder(mano_dir: str | Path | None) -> Path:
    named = mano_dir or os.environ.get("HACO_MANO_DIR")
    if not named:
        raise InputError(
            "MANO: its folder is not known; register at https://mano.is.tue.mpg.de, put "
            "MANO_RIGHT.pkl and MANO_LEFT.pkl in a folder, and pass it as mano_dir (--mano-dir) or "
            'set HACO_MANO_DIR; or use the hand that comes with haco, "open"'
        )
    return Path(named)


def _read(path: Path) -> _ManoFile:
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; register at https://mano.is.tue.mpg.de, download MANO 1.2 and "
            f"put {path.name} from its models folder in {path.parent}"
        )
    stored = load_pickle(path)
    if not isinstance(stored, dict):
        raise InputError(f"{path}: is not a MANO hand; give the file from MANO's models folder")
    part = _Tables(path, stored)
    faces = part("f", (None, 3)).astype(np.int64)
    parents = part("kintree_table", (2, 16))[0, 1:].astype(np.int64)
    if tuple(parents) != PARENTS[1:] or not 0 <= faces.min() <= faces.max() < NUM_VERTICES:
        raise InputError(f"{path}: has another skeleton or mesh than MANO; get the file again")
    return _ManoFile(
        template=part("v_template", (NUM_VERTICES, 3)),
        faces=faces,
        shapedirs=part("shapedirs", (NUM_VERTICES, 3, None))[..., :10],
        posedirs=part("posedirs", (NUM_VERTICES, 3, 135)),
        J_regressor=part("J_regressor", (16, NUM_VERTICES)),
        lbs_weights=part("weights", (NUM_VERTICES, 16)),
        mean_pose=part("hands_mean", (45,)).reshape(15, 3),
        pose_basis=part("hands_components", (45, 45)).reshape(45, 15, 3),
    )


class _Tables:
    """The tables of one file by their names, as float64 arrays of a known shape."""

    def __init__(self, path: Path, stored: dict[Any, Any]) -> None:
        self._path = path
        self._stored = stored

    def __call__(self, name: str, shape: tuple[int | None, ...]) -> Float64[np.ndarray, "..."]:
        if name not in self._stored:
            raise InputError(f"{self._path}: has no {name!r}, so it is not a MANO hand")
        table = self._stored[name]
        array = np.asarray(table.toarray() if hasattr(table, "toarray") else table)
        fits = len(array.shape) == len(shape) and all(
            wanted in (None, size) for wanted, size in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype.kind not in "fiu":
            raise InputError(f"{self._path}: its {name!r} of shape {array.shape} is not MANO's")
        return array.astype(np.float64)
