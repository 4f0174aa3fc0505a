"""Pickles as the MANO authors write them, made by the tests: chumpy shells, scipy, Python 2."""

import contextlib
import pickle
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.sparse


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


def mano_like(side: str) -> dict[str, np.ndarray]:
    """Make tables as MANO's file of one side has them, from the open hand and random numbers.

    The left ones mirror the right ones, but for the shape basis, whose x row is the right hand's,
    as the authors' left file has it.
    """
    from haco.hands import load_hand

    rng = np.random.default_rng(5)
    generous = {"posedirs": (778, 3, 135), "hands_mean": (45,)}
    drawn = {name: 0.01 * rng.normal(size=shape) for name, shape in generous.items()}
    components = np.linalg.qr(rng.normal(size=(45, 45)))[0]
    hand = load_hand("open")
    parents = np.array(hand.parents).astype(np.uint32)  # -1 wraps around, as it does in theirs
    sign = np.ones(3)
    if side == "left":
        sign = np.array([-1.0, 1, 1])
        hand = hand.mirrored()
        entries = np.tile(np.outer(sign, sign).ravel(), 15)
        drawn["posedirs"] = drawn["posedirs"] * sign[:, None] * entries
        axis_sign = np.tile([1.0, -1, -1], 15)
        drawn["hands_mean"] = drawn["hands_mean"] * axis_sign
        components = components * axis_sign
    return {
        "v_template": hand.template.double().numpy(),
        "f": hand.faces.numpy().astype(np.uint32),
        "shapedirs": hand.shapedirs.double().numpy() * sign[:, None],
        "J_regressor": hand.J_regressor.double().numpy(),
        "weights": hand.lbs_weights.double().numpy(),
        "kintree_table": np.stack([parents, np.arange(16, dtype=np.uint32)]),
        "hands_components": components,
        **drawn,
    }


def write_mano(folder: Path, side: str, **changes: object) -> Path:
    """Write one side's file as the authors do: protocol 2, chumpy shells, scipy by its old name."""
    tables: dict[str, object] = mano_like(side) | changes
    with chumpy_stand_ins() as chumpy:
        for name in ("v_template", "posedirs", "weights"):
            tables[name] = chumpy.Ch(x=tables[name], _dirty_vars=set(), _itr=None)
        tables["shapedirs"] = select_of(chumpy, np.asarray(tables["shapedirs"]))
        tables["J_regressor"] = scipy.sparse.csc_matrix(tables["J_regressor"])
        tables |= {"bs_style": "lbs", "bs_type": "lrotmin"}
        folder.mkdir(parents=True, exist_ok=True)
        return as_old_scipy(write_pickle(folder / f"MANO_{side.upper()}.pkl", tables))
