"""The one reader of pickles: arrays come back whole, and nothing else comes to life."""

import collections
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hands.mano_files import as_old_scipy, chumpy_stand_ins, select_of, write_pickle

from haco.files import InputError
from haco.pickles import load_pickle

PROTOCOLS = (0, 2, 4, 5)
ARRAYS = {
    "floats": np.arange(12.0).reshape(3, 4),
    "big endian": np.arange(4, dtype=">f8"),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
    "bits": np.array([True, False]),
    "text": np.array(["thumb", "tip"]),
    "bytes": np.array([b"thumb", b"tip"]),
    "complex": np.array([1 + 2j], np.complex64),
    "objects": np.array([{"a": np.arange(3)}, None, "b"], dtype=object).reshape(3, 1),
    "empty": np.zeros((0, 3), np.float32),
    "no axes": np.array(2.5),
    "every second": np.arange(8)[::2],
}


def same(got, wanted) -> None:
    assert type(got) is type(wanted)
    if isinstance(wanted, np.ndarray) and wanted.dtype.hasobject:
        assert got.shape == wanted.shape
        for one, other in zip(got.ravel(), wanted.ravel(), strict=True):
            same(one, other)
    elif isinstance(wanted, dict):
        assert list(got) == list(wanted)
        for key in wanted:
            same(got[key], wanted[key])
    else:
        np.testing.assert_array_equal(got, wanted, strict=isinstance(wanted, np.ndarray))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_survive_every_protocol(name, protocol, tmp_path):
    got = load_pickle(write_pickle(tmp_path / "a.pkl", ARRAYS[name], protocol=protocol))
    same(got, ARRAYS[name])
    assert got.flags.writeable


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_survive_every_protocol(protocol, tmp_path):
    plain = {
        "numbers": [1, 2.5, 1 + 2j, True, None, 2**70],
        "words": ("ä", b"\xff\x00", bytearray(b"\xff")),
        "sets": [{1, 2}, frozenset({3})],
        "scalar": np.float32(0.5),
        "long": np.int64(-7),
        3: {"deeper": [(), {}, []]},
    }
    got = load_pickle(write_pickle(tmp_path / "a.pkl", plain, protocol=protocol))
    assert got == plain
    assert type(got["scalar"]) is np.float32


def test_an_ordered_dict_becomes_a_dict_in_the_same_order(tmp_path):
    ordered = collections.OrderedDict(z=np.arange(2), a=1)
    got = load_pickle(write_pickle(tmp_path / "a.pkl", ordered))
    assert type(got) is dict
    assert list(got) == ["z", "a"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "kind", ["csc_matrix", "csr_matrix", "coo_matrix", "csc_array", "csr_array", "coo_array"]
)
def test_sparse_matrices_survive_every_protocol(kind, protocol, tmp_path, rng):
    dense = rng.random((4, 5)) * (rng.random((4, 5)) > 0.5)
    matrix = getattr(scipy.sparse, kind)(dense)
    got = load_pickle(write_pickle(tmp_path / "a.pkl", matrix, protocol=protocol))
    assert type(got) is type(matrix)
    np.testing.assert_array_equal(got.toarray(), dense)


def test_sparse_matrices_are_known_by_their_old_module(tmp_path):
    path = write_pickle(tmp_path / "a.pkl", scipy.sparse.csc_matrix(np.eye(3)))
    np.testing.assert_array_equal(load_pickle(as_old_scipy(path)).toarray(), np.eye(3))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_chumpy_shells_become_plain_arrays(protocol, tmp_path, rng):
    array = rng.random((5, 3))
    with chumpy_stand_ins() as chumpy:
        value = {"shell": chumpy.Ch(x=array, _dirty_vars={"x"}), "view": select_of(chumpy, array)}
        path = write_pickle(tmp_path / "a.pkl", value, protocol=protocol)
    got = load_pickle(path)
    same(got, {"shell": array, "view": array})


def test_strings_of_python_2_are_read_as_latin_1(tmp_path):
    # What Python 2.7 wrote for {"f": array([1, 258], dtype="<u2"), "s": "caf\xe9"}, protocol 2:
    # its strings, and the array's content, are byte strings (opcode U).
    path = tmp_path / "a.pkl"
    path.write_bytes(
        b"\x80\x02}(U\x01fcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
        b"U\x01b\x87R(K\x01K\x02\x85cnumpy\ndtype\nU\x02u2K\x00K\x01\x87R(K\x03U\x01<NNN"
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x01\x00\x02\x01tbU\x01sU\x04caf\xe9u."
    )
    same(load_pickle(path), {"f": np.array([1, 258], np.uint16), "s": "café"})


def test_what_was_shared_stays_shared(tmp_path):
    array = np.arange(3)
    first, second = load_pickle(write_pickle(tmp_path / "a.pkl", [array, array]))
    assert first is second


class Attack:
    """Asks the reader to call something; `mark` would leave a file behind."""

    def __init__(self, function, *arguments, state=None):
        self.call = function, arguments, state

    def __reduce__(self):
        return self.call if self.call[2] is not None else self.call[:2]


def attacks(marker: Path) -> dict[str, object]:
    touch = f"open({str(marker)!r}, 'w').close()"
    system = Attack(os.system, f"touch {marker}")
    nested = np.array([1, None], dtype=object)
    nested[1] = system
    return {
        "os.system": system,
        "eval": Attack(eval, touch),
        "exec": Attack(exec, touch),
        "getattr": Attack(getattr, marker, "touch"),
        "open": Attack(open, str(marker), "w"),
        "Path.touch": Attack(Path.touch, marker),
        "numpy.save": Attack(np.save, str(marker), 1),
        "numpy.load": Attack(np.load, str(marker)),
        "importing": Attack(__import__, "antigravity"),
        "in an array of objects": nested,
        "as a key": {system: 1},
        "in a set": frozenset([system]),
        "as an array's dtype": Attack(np.zeros(1).__reduce__()[0], np.ndarray, (0,), system),
        "as a state": Attack(np.dtype, "f8", False, True, state=(3, "<", system, None, None)),
        "in an ordered dict": collections.OrderedDict(a=system),
        "beside a sparse matrix": [scipy.sparse.csc_matrix(np.eye(2)), system],
        "scipy's loader": Attack(scipy.sparse.load_npz, str(marker)),
    }


NO_FILE = Path("no file")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", attacks(NO_FILE))
def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(name, protocol, tmp_path):
    marker = tmp_path / "ran"
    path = write_pickle(tmp_path / "bad.pkl", attacks(marker)[name], protocol=protocol)
    with pytest.raises(InputError, match=r"bad\.pkl: refused, nothing in it was run: .*asks for"):
        load_pickle(path)
    assert not marker.exists()
    assert os.listdir(tmp_path) == ["bad.pkl"]  # noqa: PTH208


def test_the_attacks_are_real(tmp_path):
    """The same bytes do leave a file when read without care, so the test above can fail."""
    marker = tmp_path / "ran"
    path = write_pickle(tmp_path / "bad.pkl", attacks(marker)["in an array of objects"])
    pickle.loads(path.read_bytes())  # noqa: TID251
    assert marker.exists()


BUILD_ON = {
    "the class of arrays": b"cnumpy\nndarray\n",
    "the class of dtypes": b"cnumpy\ndtype\n",
    "a chumpy class": b"cchumpy.ch\nCh\n",
    "a sparse class": b"cscipy.sparse.csc\ncsc_matrix\n",
    "ordered dicts": b"ccollections\nOrderedDict\n",
    "a builtin": b"cbuiltins\nset\n",
    "a function": b"c_codecs\nencode\n",
}


@pytest.mark.parametrize("name", BUILD_ON)
@pytest.mark.parametrize("slots", [b"N}U\x07restoreNs\x86", b"}U\x07restoreNs"])
def test_a_pickle_cannot_change_a_class_for_the_next_file(name, slots, tmp_path):
    path = tmp_path / "bad.pkl"
    path.write_bytes(b"\x80\x02" + BUILD_ON[name] + slots + b"b.")
    with pytest.raises(InputError):
        load_pickle(path)
    good = {"x": scipy.sparse.csc_matrix(np.eye(2)), "y": collections.OrderedDict(a={1})}
    got = load_pickle(write_pickle(tmp_path / "good.pkl", good))
    np.testing.assert_array_equal(got["x"].toarray(), np.eye(2))
    assert got["y"] == {"a": {1}}


def test_an_array_larger_than_its_content_is_refused(tmp_path):
    path = write_pickle(tmp_path / "a.pkl", np.arange(4, dtype=np.uint8), protocol=2)
    content = path.read_bytes()
    assert content.count(b"K\x04\x85") == 1
    path.write_bytes(content.replace(b"K\x04\x85", b"K\xff\x85"))
    with pytest.raises(InputError, match="not a whole pickle"):
        load_pickle(path)


def test_a_sparse_matrix_with_places_outside_is_refused(tmp_path):
    matrix = scipy.sparse.csc_matrix(np.eye(3))
    matrix.indices[1] = 1_000_000
    with pytest.raises(InputError):
        load_pickle(write_pickle(tmp_path / "a.pkl", matrix))


@pytest.mark.parametrize(
    "dtype", [np.dtype([("a", "O"), ("b", "f8")]), "M8[s]", np.dtype(("f8", (2,)))]
)
def test_unusual_dtypes_are_refused(dtype, tmp_path):
    with pytest.raises(InputError, match="refused"):
        load_pickle(write_pickle(tmp_path / "a.pkl", np.dtype(dtype)))


def test_a_value_that_holds_itself_is_refused(tmp_path):
    ring: list = []
    ring.append(ring)
    with pytest.raises(InputError, match="refers to itself"):
        load_pickle(write_pickle(tmp_path / "a.pkl", ring))


def test_damaged_and_missing_files_say_so(tmp_path):
    whole = write_pickle(tmp_path / "a.pkl", np.arange(1000.0)).read_bytes()
    for name, content in {"cut": whole[:500], "zero": b"", "text": b"hello"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=f"{name}: not a whole pickle"):
            load_pickle(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        load_pickle(tmp_path / "none.pkl")
    with pytest.raises(InputError, match="cannot be read"):
        load_pickle(tmp_path)


def test_nesting_without_end_is_refused_not_fatal(tmp_path):
    path = tmp_path / "deep.pkl"
    path.write_bytes(b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".")
    with pytest.raises(InputError):
        load_pickle(path)


def test_an_npy_file_of_one_object_gives_that_object(tmp_path):
    value = {"rot": np.arange(6.0).reshape(2, 3), "name": "box"}
    np.save(tmp_path / "a.npy", np.array(value, dtype=object))
    loaded = load_pickle(tmp_path / "a.npy")
    assert loaded["name"] == "box"
    np.testing.assert_array_equal(loaded["rot"], value["rot"])
    np.save(tmp_path / "b.npy", np.zeros(3))
    with pytest.raises(InputError, match=r"b\.npy: refused"):
        load_pickle(tmp_path / "b.npy")
