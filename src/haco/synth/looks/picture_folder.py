"""A folder of the user's own pictures, for backgrounds."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from haco.files import InputError, read_image
from haco.synth.looks.materials import linear
from haco.synth.objects.mesh_folder import digest, folder_files

_KEPT = 640
"""Longest side of a picture in memory, pixels."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PictureFolder:
    """Pictures that backgrounds are cut from; only paths, so that it travels to others."""

    paths: tuple[Path, ...]
    sha256: str
    """Of their names and contents."""
    faults: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """What is wrong with the files that are skipped."""

    def told(self) -> dict[str, Any]:
        """Say what a data card should know."""
        return {"pictures": len(self.paths), "sha256": self.sha256}

    def draw(self, rng: np.random.Generator, size: int) -> Float32[np.ndarray, "size size 3"]:
        """Cut a square out of one picture, in linear light, mirrored at times."""
        picture = _small_picture(self.paths[rng.integers(len(self.paths))])
        height, width, _ = picture.shape
        side = int(np.ceil(rng.uniform(0.5, 1.0) * min(height, width)))
        top, left = rng.integers(0, (height - side + 1, width - side + 1))
        crop = picture[top : top + side, left : left + side]
        how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        crop = cv2.resize(crop, (size, size), interpolation=how)[:, :: rng.choice([-1, 1])]
        return (linear(crop / 255) * rng.uniform(0.7, 1.3)).astype(np.float32)


def open_pictures(folder: Path) -> PictureFolder:
    """Read all pictures of a folder and those below it; what is none is skipped and named.

    Raises:
        InputError: It is no folder, or has no picture that can be read.
    """
    good, faults = [], []
    for path in folder_files(folder):
        try:
            _small_picture(path)
            good.append(path)
        except InputError as error:
            faults.append(str(error))
    if not good:
        why = f", as: {faults[0]}" if faults else ""
        raise InputError(f"{folder}: has no picture that can be read{why}; name another folder")
    return PictureFolder(paths=tuple(good), sha256=digest(folder, good), faults=tuple(faults))


@functools.lru_cache(maxsize=128)
def _small_picture(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Read a picture and make it small; the last ones are kept."""
    picture = read_image(path)
    height, width, _ = picture.shape
    if min(height, width) < 16:
        raise InputError(f"{path}: {width} x {height} pixels are too few; 16 each way at least")
    factor = _KEPT / max(height, width)
    if factor >= 1:
        return np.array(picture)
    wanted = max(16, round(width * factor)), max(16, round(height * factor))
    return cv2.resize(picture, wanted, interpolation=cv2.INTER_AREA)
