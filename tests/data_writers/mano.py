"""MANO files for the mini datasets, and poses as each convention stores them.

The files have MANO's form and are made from the open hand; the mean hand is bent by about twenty
degrees a joint, so that a reader which forgets it is wrong by centimetres.
"""

import functools
import tempfile
from pathlib import Path

import numpy as np
from hands.mano_files import mano_like, write_mano

from haco.data.posed_hands import Fingers

_HOLDERS: list[tempfile.TemporaryDirectory] = []
_AXIS_SIGN = {"right": np.ones(45), "left": np.tile([1.0, -1, -1], 15)}


def _mean(side: str) -> np.ndarray:
    return np.random.default_rng(8).normal(scale=0.3, size=45) * _AXIS_SIGN[side]


@functools.cache
def mano_folder() -> Path:
    """Write both files once a process; the folder goes with it."""
    holder = tempfile.TemporaryDirectory(prefix="mano-", ignore_cleanup_errors=True)
    _HOLDERS.append(holder)
    for side in ("right", "left"):
        # Offsets of a millimetre, lest bent hands turn themselves inside out.
        posedirs = 0.1 * mano_like(side)["posedirs"]
        write_mano(Path(holder.name), side, hands_mean=_mean(side), posedirs=posedirs)
    return Path(holder.name)


@functools.cache
def _components(side: str) -> np.ndarray:
    return mano_like(side)["hands_components"]


def stored_pose(side: str, pose: np.ndarray, fingers: Fingers, num: int = 45) -> np.ndarray:
    """Turn an absolute pose (48 numbers, wrist first) into what a dataset would store."""
    about = pose[3:] - (0 if fingers in ("absolute", "components_about_zero") else _mean(side))
    if fingers.startswith("components"):
        about = (about @ np.linalg.inv(_components(side)))[:num]
    return np.concatenate([pose[:3], about])


def pose_of_components(side: str, coefficients: np.ndarray) -> np.ndarray:
    """Give the fingers' absolute pose (45 numbers) that coefficients about the mean stand for."""
    return _mean(side) + coefficients @ _components(side)[: len(coefficients)]
