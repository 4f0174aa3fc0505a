"""Single frames out of video files, for sets that ship videos instead of pictures."""

import functools
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from haco.files import InputError


def read_frame(path: Path, index: int) -> UInt8[np.ndarray, "height width 3"]:
    """Decode one frame as RGB; the next frame of a video that is open already costs the least.

    Args:
        path: The video.
        index: Of the frame, from 0.

    Raises:
        InputError: No such video, not one that OpenCV reads, or it ends before.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; check that the download is complete")
    frame = _open(path).frame(index)
    if frame is None:
        raise InputError(f"{path}: frame {index} cannot be decoded; get the video again")
    return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)


class _Video:
    """An open video, and which frame it would give next."""

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture(str(path))
        self._next = 0

    def frame(self, index: int) -> np.ndarray | None:
        if index != self._next:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        good, frame = self._capture.read()
        self._next = index + 1 if good else -1
        return frame if good else None


@functools.lru_cache(maxsize=2)
def _open(path: Path) -> _Video:
    return _Video(path)
