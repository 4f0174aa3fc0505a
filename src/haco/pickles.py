"""Reading other people's pickle files without running anything that is in them.

A pickle is a small program: it may name any function of any module and call it. Here every name
that a file may mention is looked up in one table, and nearly all of them stand for *recorders*:
objects that keep what they were given and do nothing. Once the file is read to its end, numpy
arrays, scipy's sparse matrices and chumpy's array shells are rebuilt from those records by this
module alone, each part checked. A name that is not in the table refuses the whole file.
"""

import pickle
import re
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any

import numpy as np
import scipy.sparse

from haco.files import InputError

_PLAIN_DTYPE = re.compile(r"(b1|[iu][1248]|f(2|4|8|16)|c(8|16|32)|[SU][0-9]{1,9}|O[48]?)")
_NPY = b"\x93NUMPY"
_SPARSE = {
    "csc_matrix": scipy.sparse.csc_matrix,
    "csr_matrix": scipy.sparse.csr_matrix,
    "csc_array": scipy.sparse.csc_array,
    "csr_array": scipy.sparse.csr_array,
    "coo_matrix": scipy.sparse.coo_matrix,
    "coo_array": scipy.sparse.coo_array,
}


class _RefusedError(Exception):
    """The file holds something that is not data, or data that do not fit together."""


class _Record:
    """What a file said about one object: the arguments it was made with, and its state.

    The file can reach the classes themselves, too. `__slots__` and `__setstate__` are what keeps
    it from hanging attributes on them: its "build" instruction finds `__setstate__` first.
    """

    __slots__ = ("arguments", "state")

    arguments: tuple[object, ...]
    state: Any

    def __new__(cls, *arguments: object) -> "_Record":
        record = super().__new__(cls)
        record.arguments = arguments
        record.state = None
        return record

    def __setstate__(self, state: object) -> None:
        self.state = state

    def restore(self, restorer: "_Restorer") -> object:
        """Build the real object from the record."""
        raise _RefusedError("names a type where a value should be")


class _NdarrayType(_Record):
    """Stands for `numpy.ndarray` where the file names the type of an array."""

    __slots__ = ()


class _ObjectType(_Record):
    """Stands for `object`, the base that the oldest pickles name for each instance."""

    __slots__ = ()


class _Dtype(_Record):
    """`numpy.dtype(code, align, copy)`, with the byte order in its state."""

    __slots__ = ()

    def restore(self, restorer: "_Restorer") -> np.dtype:
        code = self.arguments[0] if self.arguments else None
        if not isinstance(code, str) or not _PLAIN_DTYPE.fullmatch(code):
            raise _RefusedError(f"has an array of type {code!r}, which is not a plain one")
        order = "=" if self.state is None else self.state[1]
        if order not in ("<", ">", "|", "="):
            raise _RefusedError("has an array of an unknown byte order")
        return np.dtype(code).newbyteorder(order)


class _Array(_Record):
    """`_reconstruct(ndarray, (0,), b"b")`, with shape, dtype and content in its state."""

    __slots__ = ()

    def restore(self, restorer: "_Restorer") -> np.ndarray:
        if not self.arguments or self.arguments[0] is not _NdarrayType:
            raise _RefusedError("has an array of an unknown class")
        _, shape, dtype, is_fortran, content = self.state
        return _array(restorer, content, dtype, shape, "F" if is_fortran else "C")


class _Buffer(_Record):
    """`_frombuffer(content, dtype, shape, order)`: an array as pickle protocol 5 writes it."""

    __slots__ = ()

    def restore(self, restorer: "_Restorer") -> np.ndarray:
        content, dtype, shape, order = self.arguments
        return _array(restorer, content, dtype, shape, order)


class _Scalar(_Record):
    """`scalar(dtype, content)`: one number with numpy's type."""

    __slots__ = ()

    def restore(self, restorer: "_Restorer") -> object:
        dtype, content = self.arguments
        return _array(restorer, content, dtype, (), "C")[()]


class _Encoded(_Record):
    """`_codecs.encode(text, "latin1")`: how Python 3 writes bytes for Python 2."""

    __slots__ = ()

    def restore(self, restorer: "_Restorer") -> bytes:
        text, encoding = self.arguments
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise _RefusedError("has bytes in an unknown encoding")
        return text.encode("latin1")


class _Bytes(_Record):
    """`bytes()` or `bytes(content)`."""

    __slots__ = ()
    kind: type[bytes] | type[bytearray] = bytes

    def restore(self, restorer: "_Restorer") -> bytes | bytearray:
        content = restorer.restore(self.arguments[0]) if self.arguments else b""
        if not isinstance(content, bytes):
            raise _RefusedError("has bytes made of something else")
        return self.kind(content)


class _Bytearray(_Bytes):
    """`bytearray()` or `bytearray(content)`."""

    __slots__ = ()
    kind = bytearray


class _Sparse(_Record):
    """A sparse matrix of scipy; the subclasses below say which."""

    __slots__ = ()
    kind = "csc_matrix"

    def restore(self, restorer: "_Restorer") -> object:
        part = restorer.part_of(self.state)
        shape = tuple(int(size) for size in part("_shape", "shape"))
        make = _SPARSE[self.kind]
        if self.kind.startswith("coo"):
            coords = part("coords", default=None) or (part("row"), part("col"))
            return make((part("data"), tuple(coords)), shape=shape)
        matrix: Any = make((part("data"), part("indices"), part("indptr")), shape=shape)
        matrix.check_format(full_check=True)
        return matrix


class _Ch(_Record):
    """chumpy's array shell: the numbers are its attribute `x`."""

    __slots__ = ()

    def restore(self, restorer: "_Restorer") -> np.ndarray:
        return np.asarray(restorer.part_of(self.state)("x"))


class _Select(_Record):
    """chumpy's indexed view: entries `idxs` of the flattened array `a`."""

    __slots__ = ()

    def restore(self, restorer: "_Restorer") -> np.ndarray:
        part = restorer.part_of(self.state)
        chosen = np.asarray(part("a")).ravel()[np.asarray(part("idxs"))]
        shape = part("preferred_shape", default=None)
        return chosen if shape is None else chosen.reshape(shape)


class _Instance(_Record):
    """`copyreg._reconstructor(cls, object, None)`: an instance as protocols 0 and 1 write it."""

    __slots__ = ()

    def restore(self, restorer: "_Restorer") -> object:
        made, base, seed = self.arguments
        if base is not _ObjectType or seed is not None or made not in _INSTANCES:
            raise _RefusedError("has an instance of an unknown class")
        record = made()
        record.state = self.state
        return restorer.restore(record)


_SPARSE_RECORDS = {
    name: type(f"_{name}", (_Sparse,), {"__slots__": (), "kind": name}) for name in _SPARSE
}
_INSTANCES = (_Ch, _Select, *_SPARSE_RECORDS.values())


def _names() -> dict[tuple[str, str], type]:
    """List every name a file may mention; the types given as they are have no open attributes."""
    names: dict[tuple[str, str], type] = {
        ("numpy", "ndarray"): _NdarrayType,
        ("numpy", "dtype"): _Dtype,
        ("_codecs", "encode"): _Encoded,
        ("chumpy.ch", "Ch"): _Ch,
        ("chumpy", "Ch"): _Ch,
        ("chumpy.reordering", "Select"): _Select,
        ("collections", "OrderedDict"): OrderedDict,
    }
    for numpy_core in ("numpy.core", "numpy._core"):
        names[f"{numpy_core}.multiarray", "_reconstruct"] = _Array
        names[f"{numpy_core}.multiarray", "scalar"] = _Scalar
        names[f"{numpy_core}.numeric", "_frombuffer"] = _Buffer
    for builtins in ("builtins", "__builtin__"):
        names[builtins, "object"] = _ObjectType
        names[builtins, "bytes"] = _Bytes
        names[builtins, "bytearray"] = _Bytearray
        for plain in (set, frozenset, complex):
            names[builtins, plain.__name__] = plain
    for registry in ("copyreg", "copy_reg"):
        names[registry, "_reconstructor"] = _Instance
    for name, record in _SPARSE_RECORDS.items():
        for module in (name[:3], f"_{name[:3]}"):  # scipy moved csc.py to _csc.py
            names[f"scipy.sparse.{module}", name] = record
    return names


_NAMES = _names()


class _RecordingUnpickler(pickle.Unpickler):
    """Pickle's reader, with every name taken from the table above and from nowhere else."""

    def find_class(self, module: str, name: str, /) -> type:
        try:
            return _NAMES[module, name]
        except KeyError:
            raise _RefusedError(f"asks for {f'{module}.{name}'!r}, which is not data") from None


class _Restorer:
    """Turns what was read, records and plain containers, into arrays and plain containers."""

    def __init__(self) -> None:
        self._done: dict[int, tuple[object, object]] = {}
        self._open: set[int] = set()

    def restore(self, value: object) -> object:
        """Give back `value` with every record replaced; what was shared stays shared."""
        if isinstance(value, type):
            raise _RefusedError("names a type where a value should be")
        if not isinstance(value, _Record | dict | list | tuple | set | frozenset):
            return value
        if id(value) in self._open:
            raise _RefusedError("refers to itself")
        if id(value) not in self._done:
            self._open.add(id(value))
            # The value is kept beside its restored form: while it lives, nothing else has its id.
            self._done[id(value)] = value, self._rebuild(value)
            self._open.discard(id(value))
        return self._done[id(value)][1]

    def part_of(self, state: object) -> "_Parts":
        """Give access to the entries of a recorded state by name."""
        if not isinstance(state, dict):
            raise _RefusedError("has an object without its content")
        return _Parts(self, state)

    def _rebuild(self, value: Any) -> object:
        if isinstance(value, _Record):
            return value.restore(self)
        if isinstance(value, dict):
            # `dict.items`, because a file can give an OrderedDict an attribute named `items`.
            return {self.restore(k): self.restore(v) for k, v in dict.items(value)}
        return type(value)([self.restore(entry) for entry in value])


class _Parts:
    """The entries of one recorded state: `part("shape")`, or the first found of several names."""

    def __init__(self, restorer: _Restorer, state: dict) -> None:
        self._restorer = restorer
        self._state = state

    def __call__(self, *names: str, default: Any = ...) -> Any:
        for name in names:
            if name in self._state:
                return self._restorer.restore(self._state[name])
        if default is ...:
            raise _RefusedError(f"has an object without its {names[0]!r}")
        return default


def _array(
    restorer: _Restorer, content: object, dtype: object, shape: object, order: object
) -> np.ndarray:
    """Make an array from checked parts, so that no crafted dtype or size reaches numpy."""
    kind = restorer.restore(dtype)
    sizes: Any = restorer.restore(shape)
    if not isinstance(kind, np.dtype) or order not in ("C", "F"):
        raise _RefusedError("has a damaged array")
    if kind.hasobject:
        if not isinstance(content, list):
            raise _RefusedError("has a damaged array of objects")
        flat = np.full(len(content), None, dtype=object)
        for place, entry in enumerate(content):
            flat[place] = restorer.restore(entry)
        return flat.reshape(sizes, order=order)
    data = restorer.restore(content)
    if isinstance(data, str):
        data = data.encode("latin1")  # Python 2's byte string
    if not isinstance(data, bytes | bytearray):
        raise _RefusedError("has a damaged array")
    return np.frombuffer(data, dtype=kind).reshape(sizes, order=order).copy(order="K")


def _skip_npy_header(file: IO[bytes]) -> None:
    """Leave the file at the pickle of an array of objects, alone in its `.npy` file."""
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read_header = np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(file)
    if not dtype.hasobject or shape != ():
        raise _RefusedError("is an array of numbers or of many objects, not one object")


def load_pickle(path: str | Path) -> object:
    """Read a pickle that holds data only; one that asks for anything else is refused unrun.

    Known are Python's own containers and numbers, numpy arrays and scalars of plain types (also
    from the years when numpy's modules had other names), scipy's compressed and coordinate
    sparse matrices, and chumpy's `Ch` and `Select`, which come back as plain arrays. An
    `OrderedDict` comes back as a dict. Strings written by Python 2 are read as latin-1. An `.npy`
    file of objects is a pickle behind a header; what its one array holds comes back.

    Args:
        path: The file.

    Returns:
        What the file holds.

    Raises:
        InputError: No such file, damaged, or the file tries to do more than hold data.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            is_npy = file.read(len(_NPY)) == _NPY
            file.seek(0)
            if is_npy:
                _skip_npy_header(file)
            value = _Restorer().restore(_RecordingUnpickler(file, encoding="latin1").load())
            return value.item() if is_npy and isinstance(value, np.ndarray) else value
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except _RefusedError as error:
        raise InputError(
            f"{path}: refused, nothing in it was run: the pickle {error}; "
            "get the file from its authors' own site"
        ) from error
    except Exception as error:  # a damaged pickle can fail in any way at all
        raise InputError(
            f"{path}: not a whole pickle ({type(error).__name__}); get the file again"
        ) from error
