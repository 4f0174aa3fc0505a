"""Packed samples as rows of Arrow record batches, laid out as Hugging Face's `datasets` keeps them.

Only this module imports pyarrow, which comes with the extra `train`. A row is read through views of
the mapped file: nothing is copied or decoded before it is asked for, so a row at random costs no
more than from NumPy's own memory maps.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Shaped, UInt8

from haco.files import InputError
from haco.types import NUM_VERTICES, SIDES

try:
    import pyarrow as pa
except ImportError as error:
    raise InputError(
        f"packed datasets need pyarrow ({str(error).splitlines()[0]}); pip install 'haco[train]'"
    ) from error

ARRAYS: Mapping[str, tuple[type, tuple[int, ...]]] = {
    "box": (np.float32, (4,)),
    "distance": (np.float16, (NUM_VERTICES,)),
    "contact": (np.bool_, (NUM_VERTICES,)),
    "valid": (np.bool_, (NUM_VERTICES,)),
    "keypoints": (np.float32, (21, 2)),
    "K": (np.float32, (3, 3)),
}
"""What each row has of fixed shape; where a row lacks it, it is null."""
_TEXTS = ("key", "interaction")


def features(names: Sequence[str]) -> dict[str, object]:
    """Say what columns hold, in the words of `datasets.Features`."""
    found: dict[str, object] = {
        "image": {"_type": "Image"},
        "side": {"names": list(SIDES), "_type": "ClassLabel"},
    }
    found |= {name: {"dtype": "string", "_type": "Value"} for name in _TEXTS}
    for name, (dtype, shape) in ARRAYS.items():
        feature: dict[str, object] = {"dtype": np.dtype(dtype).name, "_type": "Value"}
        for length in shape[::-1]:
            feature = {"feature": feature, "length": length, "_type": "List"}
        found[name] = feature
    return {name: found[name] for name in names}


def make_batch(rows: Mapping[str, Sequence[object]]) -> pa.RecordBatch:
    """Put rows into one batch.

    Args:
        rows: By column: `image` (JPEG bytes), `side` (a number of `SIDES`), texts, and arrays or
            None.
    """
    pictures = pa.array(rows["image"], pa.binary())
    nowhere = pa.nulls(len(pictures), pa.string())
    columns: dict[str, pa.Array] = {
        "image": pa.StructArray.from_arrays([pictures, nowhere], ["bytes", "path"]),
        "side": pa.array(rows["side"], pa.int64()),
    }
    columns |= {name: pa.array(rows[name], pa.string()) for name in _TEXTS}
    for name, (dtype, shape) in ARRAYS.items():
        columns[name] = _lists(rows[name], np.dtype(dtype), shape)
    return pa.record_batch(list(columns.values()), list(columns))


def _lists(values: Sequence[object], dtype: np.dtype, shape: tuple[int, ...]) -> pa.Array:
    lacking = np.array([value is None for value in values], bool)
    full = np.zeros((len(values), *shape), dtype)
    for place in np.flatnonzero(~lacking):
        full[place] = values[place]
    column = pa.array(full.reshape(-1), pa.from_numpy_dtype(dtype))
    for length in shape[:0:-1]:
        column = pa.FixedSizeListArray.from_arrays(column, length)
    return pa.FixedSizeListArray.from_arrays(column, shape[0], mask=pa.array(lacking))


def write_batches(path: Path, batches: Iterable[pa.RecordBatch], names: Sequence[str]) -> None:
    """Write batches one after another as an Arrow stream, with the named columns only."""
    about = json.dumps({"info": {"features": features(names)}})
    writer = None
    with pa.OSFile(str(path), "wb") as file:
        for batch in batches:
            kept = batch.select(list(names))
            schema = kept.schema.with_metadata({"huggingface": about})
            writer = writer or pa.ipc.new_stream(file, schema)
            writer.write_batch(kept.replace_schema_metadata(schema.metadata))
        if writer is not None:
            writer.close()


def read_batches(path: Path) -> list["Rows"]:
    """Map a file that `write_batches` wrote into memory.

    Raises:
        InputError: It is not there or damaged.
    """
    try:
        if path.stat().st_size == 0:  # no batch was written
            return []
        with pa.ipc.open_stream(pa.memory_map(str(path))) as stream:
            return [Rows(batch) for batch in stream]
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read ({error}); pack the dataset again") from error


class Rows:
    """The rows of one batch, each read on its own."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch
        self._views: dict[str, Callable[[int], np.ndarray]] = {}
        self._having: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return self.batch.num_rows

    def picture(self, row: int) -> UInt8[np.ndarray, " bytes"]:
        """Give the bytes of one JPEG, without copying them."""
        return self._view("image")(row)

    def text(self, name: str, row: int) -> str:
        """Give one text."""
        return self._view(name)(row).tobytes().decode()

    def side(self, row: int) -> int:
        """Give the number of one hand's side."""
        return int(self._view("side")(row))

    def array(self, name: str, row: int) -> Shaped[np.ndarray, "..."] | None:
        """Copy one row of a column of `ARRAYS`; None where it lacks that."""
        return np.array(self._view(name)(row)) if self.having(name)[row] else None

    def having(self, name: str) -> Bool[np.ndarray, " rows"]:
        """Say which rows have a value in a column."""
        if name not in self._having:
            self._having[name] = (
                self.batch.column(name).is_valid().to_numpy(zero_copy_only=False)
                if name in self.batch.schema.names
                else np.zeros(len(self), bool)
            )
        return self._having[name]

    def texts(self, name: str) -> list[str]:
        """Give all texts of a column."""
        return self.batch.column(name).to_pylist()

    def arrays(self, name: str) -> Shaped[np.ndarray, "rows ..."]:
        """Give all rows of a column of `ARRAYS`; zeros where they lack it."""
        dtype, shape = ARRAYS[name]
        if name not in self.batch.schema.names:
            return np.zeros((len(self), *shape), dtype)
        return _leaf(self.batch.column(name)).to_numpy(zero_copy_only=False).reshape(-1, *shape)

    def digest(self, names: Sequence[str], total: "hashlib._Hash") -> None:
        """Add what these rows hold in some columns to a fingerprint."""
        for name in names:
            if name in ARRAYS:
                total.update(self.arrays(name).tobytes() + self.having(name).tobytes())
            else:
                for row in range(len(self)):
                    total.update(np.ascontiguousarray(self._view(name)(row)).tobytes() + b"\n")

    def _view(self, name: str) -> Callable[[int], np.ndarray]:
        if name not in self._views:
            self._views[name] = _view_of(self.batch.column(name), name)
        return self._views[name]


def _leaf(column: pa.Array) -> pa.Array:
    """Give the numbers of a column of nested lists, those of null rows included."""
    while isinstance(column, pa.FixedSizeListArray):
        column = column.values
    return column


def _view_of(column: pa.Array, name: str) -> Callable[[int], np.ndarray]:
    """Make a function from a row's number to a view of its bytes or numbers."""
    assert column.offset == 0, "a batch as it was written begins at its first row"
    if name == "image":
        column = column.field(0)
    if name in (*_TEXTS, "image"):
        _, offsets, content = column.buffers()
        ends = np.frombuffer(offsets, np.int32)
        data = np.frombuffer(content, np.uint8) if content else np.zeros(0, np.uint8)
        return lambda row: data[ends[row] : ends[row + 1]]
    numbers = _leaf(column).buffers()[1]
    if name == "side":
        return np.frombuffer(numbers, np.int64).__getitem__
    dtype, shape = ARRAYS[name]
    if dtype is np.bool_:
        bits = np.frombuffer(numbers, np.uint8)
        return lambda row: _unpack(bits, row * shape[0], shape[0])
    return (
        np.frombuffer(numbers, dtype)[: len(column) * int(np.prod(shape))]
        .reshape(-1, *shape)
        .__getitem__
    )


def _unpack(bits: np.ndarray, start: int, num: int) -> Bool[np.ndarray, " num"]:
    """Take `num` bits from place `start` on; Arrow puts eight in a byte, the lowest first."""
    whole = np.unpackbits(bits[start // 8 : (start + num + 7) // 8], bitorder="little")
    return whole[start % 8 :][:num].astype(bool)
