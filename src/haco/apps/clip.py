"""Reads a video frame by frame: upright RGB pictures, each with its own time."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from haco.files import InputError

USUAL_RATE = 30.0
"""Frames a second of a video that does not say."""
_FASTEST = 1000.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Frame:
    """One picture of a video."""

    index: int
    """From 0."""
    time: float
    """Seconds from the first frame; it always grows."""
    image: UInt8[np.ndarray, "height width 3"]
    """RGB, upright."""


class Clip:
    """An open video file, read once from front to back in constant memory.

    Decoding is OpenCV's (the FFmpeg in its wheels is LGPL). Frames that a phone marks as rotated
    come upright, more than eight bits a channel come as eight, and every frame has the time that
    the file gives it, so a changing frame rate is kept.
    """

    def __init__(self, path: Path):
        """Open a file and look at its first frame.

        Args:
            path: What OpenCV decodes: mp4, mov, webm, mkv, avi, y4m and others.

        Raises:
            InputError: No such file, not a video, or no frame in it can be decoded.
        """
        self.path = path
        self._capture = _open(path)
        good, first = self._capture.read()
        if not good:
            raise InputError(
                f"{path}: holds no frame that can be decoded; is the copy whole, is it a video?"
            )
        self._ahead: np.ndarray | None = first
        self._start = self._position()
        self.height, self.width = first.shape[:2]
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.rate = rate if 0 < rate <= _FASTEST else USUAL_RATE
        """Frames a second, on average, as the file says; `USUAL_RATE` where it does not."""
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.expected = count if count > 0 else None
        """How many frames the file says it has; None where it does not say."""

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Decode the frames from `start` on; to be called once.

        What lies before `start` is decoded too, but not converted: seeking is not exact in every
        format.
        """
        time, index = -1.0, 0
        while (image := self._next(wanted=index >= start)) is not None:
            now = 0.0 if index == 0 else self._position() - self._start
            # Some files give no times, or give one twice: then the frame rate tells.
            time = now if now > time else time + 1 / self.rate
            if index >= start:
                rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
                yield Frame(index=index, time=time, image=np.asarray(rgb, np.uint8))
            index += 1

    def is_cut_short(self, num_frames: int) -> bool:
        """Say whether far fewer frames came than the file announced (its count is a rough one)."""
        return self.expected is not None and num_frames < 0.98 * self.expected - 2

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()

    def _next(self, *, wanted: bool) -> np.ndarray | None:
        if self._ahead is not None:
            first, self._ahead = self._ahead, None
            return first
        if not wanted:
            return np.zeros(0) if self._capture.grab() else None
        good, image = self._capture.read()
        return image if good else None

    def _position(self) -> float:
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000


def _open(path: Path) -> cv2.VideoCapture:
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a video; name a video in it")
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: may not be read; check its permissions")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: is empty; get a whole copy")
    # By FFmpeg alone: other backends read names with numbers as series of pictures.
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise InputError(
            f"{path}: is not a video that can be read, or its end is missing; "
            "get a whole copy (mp4, mov, webm, mkv or avi)"
        )
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture
