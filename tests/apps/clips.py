"""Small videos of every awkward kind, written for tests."""

import struct
from pathlib import Path

import cv2
import numpy as np

from haco.apps.webm import WebmWriter, vp8_frame


def numbered_frames(count: int, width: int = 96, height: int = 64) -> list[np.ndarray]:
    """Pictures whose grey level grows by 10 a frame; the upper left quarter is red."""
    frames = []
    for index in range(count):
        frame = np.full((height, width, 3), 40 + 10 * index, np.uint8)
        frame[: height // 2, : width // 2] = (200, 30, 30)
        frames.append(frame)
    return frames


def number_of(image: np.ndarray) -> int:
    """Which of `numbered_frames` a decoded picture is, by its lower half."""
    return round((float(image[-image.shape[0] // 4 :].mean()) - 40) / 10)


def write_webm(path: Path, frames: list[np.ndarray], times: list[float] | None = None) -> Path:
    height, width = frames[0].shape[:2]
    times = [index / 25 for index in range(len(frames))] if times is None else times
    writer = WebmWriter(path, width, height)
    for frame, time in zip(frames, times, strict=True):
        writer.add(vp8_frame(frame, 90), time)
    writer.close(times[-1] + 0.04)
    return path


def write_mp4(path: Path, frames: list[np.ndarray]) -> Path:
    """MPEG-4 with OpenCV, which puts the index at the file's end."""
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (width, height))
    for frame in frames:
        writer.write(frame[..., ::-1])
    writer.release()
    return path


def turn_mp4(path: Path) -> Path:
    """Mark a video as held upright, as phones do: to be shown turned clockwise by a quarter."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40
    width = struct.unpack(">9i", data[place : place + 36])
    assert width[0] == 1 << 16, "this is where the matrix is"
    one, w = 1 << 16, 1 << 30
    data[place : place + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, w)
    path.write_bytes(data)
    return path


def write_ten_bits(path: Path, levels: list[int], width: int = 96, height: int = 64) -> Path:
    """Raw grey pictures of ten bits a channel, luma 64 to 940."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420p10\n".encode())
        for level in levels:
            luma = np.full((height, width), level, "<u2").tobytes()
            chroma = np.full((height, width // 2), 512, "<u2").tobytes()
            file.write(b"FRAME\n" + luma + chroma)
    return path
