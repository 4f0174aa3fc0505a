"""The table of a video's hands as Parquet: a row a frame and hand, 778 probabilities in it."""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from haco.apps.result import HandContact
from haco.files import InputError, write_atomically
from haco.types import NUM_VERTICES


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One hand in one frame, as it is told at the end."""

    frame: int
    time: float
    """Seconds."""
    track: int
    seen: bool
    """False where the hand's place was filled in."""
    contact: HandContact
    """Smoothed over time."""
    keypoints: Float[np.ndarray, "21 2"] | None
    """Pixels, smoothed over time."""
    touching: frozenset[str]
    """`hand` and the parts that touch now, by the two thresholds of `Touches`."""


def pyarrow() -> Any:
    """Load pyarrow, or say how to get it.

    Raises:
        InputError: It is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            "videos need pyarrow for their tables; pip install 'haco[video]'"
        ) from error
    return pyarrow


def write_rows(path: Path, rows: Sequence[Row], parts: Sequence[str]) -> None:
    """Write some rows as a Parquet file.

    Args:
        path: The file.
        rows: Any number, 0 too.
        parts: Names of the hand's parts, which become one column with a field each.

    Raises:
        InputError: The disk is full, or the folder may not be written.
    """
    pa = pyarrow()
    table = pa.table(_columns(pa, rows, parts))
    with write_atomically(path) as part:
        pa.parquet.write_table(table, part, compression="zstd")


def join_tables(path: Path, pieces: Iterable[Path]) -> None:
    """Write many files of `write_rows` as one, reading one at a time.

    Raises:
        InputError: The disk is full, or the folder may not be written.
    """
    pa = pyarrow()
    with write_atomically(path) as part:
        writer = None
        try:
            for piece in pieces:
                table = pa.parquet.read_table(piece)
                if writer is None:
                    writer = pa.parquet.ParquetWriter(part, table.schema, compression="zstd")
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()


def _columns(pa: Any, rows: Sequence[Row], parts: Sequence[str]) -> dict[str, Any]:
    hands = [row.contact for row in rows]
    fields = [pa.array([hand.parts[name] for hand in hands], pa.float32()) for name in parts]
    empty = np.full((21, 2), np.nan)
    keypoints = [empty if row.keypoints is None else row.keypoints for row in rows]
    return {
        "frame": pa.array([row.frame for row in rows], pa.int32()),
        "time": pa.array([row.time for row in rows], pa.float64()),
        "track": pa.array([row.track for row in rows], pa.int32()),
        "side": pa.array([hand.side for hand in hands], pa.string()),
        "seen": pa.array([row.seen for row in rows], pa.bool_()),
        "box": _lists(pa, [hand.box for hand in hands], 4, np.float32),
        "touch": pa.array([hand.touch for hand in hands], pa.float32()),
        "touching": pa.array(["hand" in row.touching for row in rows], pa.bool_()),
        "parts": pa.StructArray.from_arrays(fields, names=list(parts)),
        "probability": _lists(pa, [hand.probability for hand in hands], NUM_VERTICES, np.float16),
        "keypoints": _lists(pa, keypoints, 42, np.float32),
    }  # fmt: skip


def _lists(pa: Any, values: Sequence[np.ndarray], length: int, kind: type) -> Any:
    flat = np.array(values, kind).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), length)
