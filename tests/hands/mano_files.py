"""Pickles as the MANO authors write them, made by the tests: chumpy shells, scipy, Python 2."""

import contextlib
import pickle
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np


@contextlib.contextmanager
def chumpy_stand_ins() -> Iterator[types.SimpleNamespace]:
    """Put classes with chumpy's names where pickle looks for them, while a file is written."""

    def shell(module: str, name: str) -> type:
        return type(name, (), {"__module__": module, "__init__": _keep})

    modules = {
        name: types.ModuleType(name) for name in ("chumpy", "chumpy.ch", "chumpy.reordering")
    }
    ch = shell("chumpy.ch", "Ch")
    select = shell("chumpy.reordering", "Select")
    modules["chumpy.ch"].Ch = ch  # pyright: ignore[reportAttributeAccessIssue]
    modules["chumpy.reordering"].Select = select  # pyright: ignore[reportAttributeAccessIssue]
    assert not set(modules) & set(sys.modules), "the real chumpy is here; these tests replace it"
    sys.modules.update(modules)
    try:
        yield types.SimpleNamespace(Ch=ch, Select=select)
    finally:
        for name in modules:
            del sys.modules[name]


def _keep(self: object, **state: object) -> None:
    self.__dict__.update(state)


def write_pickle(path: Path, value: object, *, protocol: int = 2) -> Path:
    with path.open("wb") as file:
        pickle.dump(value, file, protocol=protocol)
    return path


def as_old_scipy(path: Path) -> Path:
    """Rename scipy's modules in a protocol 2 file to what they were called for many years."""
    content = path.read_bytes()
    assert b"scipy.sparse._csc" in content
    path.write_bytes(content.replace(b"scipy.sparse._csc", b"scipy.sparse.csc"))
    return path


def select_of(chumpy: types.SimpleNamespace, array: np.ndarray) -> object:
    """Wrap an array as chumpy does with a slice of a longer one: here the first half."""
    longer = np.concatenate([array.ravel(), np.full(array.size, np.nan)])
    return chumpy.Select(
        a=chumpy.Ch(x=longer, _dirty_vars=set(), _itr=None),
        idxs=np.arange(array.size),
        preferred_shape=array.shape,
    )
