"""Annotation files that are missing, damaged or hold nonsense."""

import numpy as np
import pytest

from haco.data.annotations import (
    numbers,
    read_arrays,
    read_json,
    read_lines,
    read_numbers,
    read_yaml,
)
from haco.files import InputError


def test_numbers_are_taken_in_their_shape_and_checked(tmp_path):
    path = tmp_path / "a.json"
    np.testing.assert_array_equal(numbers({"t": [[1], [2]]}, "t", (2,), path), [1.0, 2.0])
    for record, complaint in (
        ({}, "has no 't'"),
        ({"t": None}, "has no 't'"),
        ({"t": [1, 2, 3]}, "3 numbers, not 2"),
        ({"t": [1, np.nan]}, "NaN"),
        ({"t": ["x", 1]}, "damaged"),
    ):
        with pytest.raises(InputError, match=rf"a\.json: .*{complaint}"):
            numbers(record, "t", (2,), path)


@pytest.mark.parametrize("reader", [read_json, read_yaml, read_lines, read_arrays])
def test_a_missing_or_damaged_file_is_named(reader, tmp_path):
    with pytest.raises(InputError, match=r"gone: no such file"):
        reader(tmp_path / "gone")
    (tmp_path / "bad").write_bytes(b"PK\x03\x04 {[ \xff: - ")
    with pytest.raises(InputError, match=r"bad: is damaged"):
        reader(tmp_path / "bad")


def test_a_yaml_file_cannot_make_objects(tmp_path):
    (tmp_path / "a.yml").write_text("x: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(InputError, match=r"a\.yml: is damaged"):
        read_yaml(tmp_path / "a.yml")


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    with pytest.raises(InputError, match=r"a\.npz: is damaged"):
        read_arrays(tmp_path / "a.npz")


def test_a_text_of_numbers_may_have_any_blanks(tmp_path):
    (tmp_path / "k.txt").write_text("1 2\n 3\t4.5 \n")
    np.testing.assert_array_equal(read_numbers(tmp_path / "k.txt", 4), [1, 2, 3, 4.5])
    with pytest.raises(InputError, match=r"k\.txt: .*4 numbers, not 5"):
        read_numbers(tmp_path / "k.txt", 5)
