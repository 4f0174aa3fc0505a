"""Writes videos that browsers play: WebM with VP8 pictures, each with its own time.

Every picture is coded by itself, by the libwebp in Pillow: a lossy WebP picture is a VP8 frame. So
the file can be cut after any frame, gone on with later, and each frame may last as long as it
likes. The container is written here (RFC 8794 EBML, RFC 9559 Matroska, in WebM's subset).
"""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

QUALITY = 60
"""Of libwebp, 0 to 100."""
_CLUSTER_SECONDS = 1.0
_UNKNOWN_SIZE = b"\x01" + 7 * b"\xff"
_EBML, _SEGMENT, _SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES = (
    bytes.fromhex(name)
    for name in ("1A45DFA3", "18538067", "114D9B74", "1549A966", "1654AE6B", "1F43B675", "1C53BB6B")
)


def vp8_frame(image: UInt8[np.ndarray, "height width 3"], quality: int = QUALITY) -> bytes:
    """Code an RGB picture as one VP8 key frame."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", quality=quality, method=0)
    data = file.getbuffer()
    place = 12  # after RIFF, size, WEBP
    while bytes(data[place : place + 4]) != b"VP8 ":
        place += 8 + struct.unpack("<I", data[place + 4 : place + 8])[0]
    length = struct.unpack("<I", data[place + 4 : place + 8])[0]
    return bytes(data[place + 8 : place + 8 + length])


class WebmWriter:
    """A video that grows frame by frame; what `flush` has written survives a kill."""

    def __init__(self, path: Path, width: int, height: int, *, state: dict[str, Any] | None = None):
        """Begin a file, or go on with one.

        Args:
            path: The file.
            width: Pixels of every frame.
            height: Pixels of every frame.
            state: What `flush` gave, to go on from there; what came after is cut off.
        """
        self._cluster: list[tuple[int, bytes]] = []
        self._cues: list[tuple[int, int]] = []
        if state is None:
            self._file = path.open("w+b")
            head, self._places = _head(width, height)
            self._file.write(head)
        else:
            self._file = path.open("r+b")
            self._places = _head(width, height)[1]
            self._file.truncate(state["bytes"])
            self._file.seek(state["bytes"])
            self._cues = [(time, place) for time, place in state["cues"]]

    def add(self, frame: bytes, time: float) -> None:
        """Append a VP8 frame.

        Args:
            frame: Of `vp8_frame`.
            time: Seconds from the video's beginning, not before the last one's.
        """
        stamp = round(1000 * time)
        if self._cluster and stamp - self._cluster[0][0] >= 1000 * _CLUSTER_SECONDS:
            self._write_cluster()
        self._cluster.append((stamp, frame))

    def flush(self) -> dict[str, Any]:
        """Write everything to the disk and give the state to go on from."""
        self._write_cluster()
        self._file.flush()
        return {"bytes": self._file.tell(), "cues": list(self._cues)}

    def close(self, duration: float) -> None:
        """Write the index, the length and the file's end.

        Args:
            duration: Of the whole video, seconds.
        """
        self._write_cluster()
        segment = self._places["segment"]
        cues = self._file.tell()
        points = b"".join(
            _element(
                "BB",
                _number("B3", time)
                + _element("B7", _number("F7", 1) + _number("F1", place - segment)),
            )
            for time, place in self._cues
        )
        self._file.write(_element(_CUES, points))
        end = self._file.tell()
        self._patch(self._places["duration"], struct.pack(">d", 1000 * duration))
        self._patch(self._places["cues"], struct.pack(">Q", cues - segment))
        self._patch(segment - 8, b"\x01" + (end - segment).to_bytes(7, "big"))
        self._file.close()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _patch(self, place: int, data: bytes) -> None:
        self._file.seek(place)
        self._file.write(data)

    def _write_cluster(self) -> None:
        if not self._cluster:
            return
        start = self._cluster[0][0]
        self._cues.append((start, self._file.tell()))
        blocks = [
            # Track 1, time from the cluster's, and a flag: every frame is a key frame.
            _element("A3", b"\x81" + struct.pack(">h", stamp - start) + b"\x80" + frame)
            for stamp, frame in self._cluster
        ]
        self._file.write(_element(_CLUSTER, _number("E7", start) + b"".join(blocks)))
        self._cluster = []


def _head(width: int, height: int) -> tuple[bytes, dict[str, int]]:
    """Give the file's beginning, and where in it numbers are filled in at the end."""
    ebml = _element(
        _EBML,
        _number("4286", 1) + _number("42F7", 1) + _number("42F2", 4) + _number("42F3", 8)
        + _element("4282", b"webm") + _number("4287", 4) + _number("4285", 2),
    )  # fmt: skip
    seek = _element("53AB", _CUES) + _element("53AC", bytes(8))
    seek_head = _element(_SEEK_HEAD, _element("4DBB", seek))
    app = b"haco"
    info = _element(
        _INFO,
        _number("2AD7B1", 1_000_000) + _element("4D80", app) + _element("5741", app)
        + _element("4489", bytes(8)),
    )  # fmt: skip
    video = _element("E0", _number("B0", width) + _number("BA", height))
    track = _number("D7", 1) + _number("73C5", 1) + _number("83", 1) + _number("9C", 0)
    tracks = _element(_TRACKS, _element("AE", track + _element("86", b"V_VP8") + video))
    before = ebml + _SEGMENT + _UNKNOWN_SIZE
    places = {
        "segment": len(before),
        "cues": len(before) + len(seek_head) - 8,
        "duration": len(before) + len(seek_head) + len(info) - 8,
    }
    return before + seek_head + info + tracks, places


def _element(name: str | bytes, data: bytes) -> bytes:
    """Give an EBML element: its name, its length in eight bytes, its content."""
    name = bytes.fromhex(name) if isinstance(name, str) else name
    return name + b"\x01" + len(data).to_bytes(7, "big") + data


def _number(name: str, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
