"""Reads the recorded numbers in tests/golden."""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "golden"
LEVELS = ("mesh", "mesh_336", "mesh_84", "joint")


def golden(name: str) -> dict[str, np.ndarray]:
    """Read `tests/golden/<name>.npz`."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def unpacked(bits: np.ndarray, length: int = 778) -> np.ndarray:
    return np.unpackbits(bits, axis=-1, count=length).astype(bool)


def regressors() -> dict[str, np.ndarray | None]:
    """The recorded levels: random sparse rows, some not summing to one, some partly negative."""
    assets = golden("learning/assets")
    names = ("regressor_336", "regressor_84", "regressor_joint")
    return dict(zip(LEVELS, (None, *(assets[name] for name in names)), strict=True))
