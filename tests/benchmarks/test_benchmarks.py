"""The benchmarks' own bookkeeping; what they time is never tested here."""

import json

import pytest

from benchmarks import timing
from benchmarks.__main__ import main
from benchmarks.against import table
from conftest import REPOSITORY


@pytest.fixture
def records(monkeypatch):
    kept = []
    monkeypatch.setattr(timing, "RECORDS", kept)
    monkeypatch.setattr("benchmarks.__main__.RECORDS", kept)
    return kept


def test_the_best_round_of_each_side_is_kept(records, monkeypatch, capsys):
    clock = iter([0, 4, 4, 5, 5, 7, 7, 10])  # plain 4, ours 1, plain 2, ours 3
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    assert timing.compare("it", lambda: None, lambda: None, rounds=2) == 2.0
    assert records == [timing.Record("it", 2, 1)]
    assert "2.0 x" in capsys.readouterr().out


def test_what_was_timed_is_written_with_the_machine(records, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.raster.main", lambda: timing.record("r", plain=2.0, ours=0.5))
    assert main(["raster", "--out", str(tmp_path / "new" / "bench.json")]) == 0
    found = json.loads((tmp_path / "new" / "bench.json").read_text())
    assert found["timed"] == [{"benchmark": "raster", "name": "r", "plain": 2.0, "ours": 0.5}]
    assert found["machine"]["cores"] >= 1
    assert found["revision"]


def test_an_unknown_benchmark_is_named_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["rasters"])
    said = capsys.readouterr().err
    assert "rasters" in said
    assert "raster" in said.partition("there are")[2]


def test_every_benchmark_has_a_main():
    modules = {path.stem for path in (REPOSITORY / "benchmarks").glob("*.py")}
    helpers = {"__init__", "__main__", "against", "machine", "plain", "timing"}
    for name in modules - helpers:
        assert "def main(" in (REPOSITORY / "benchmarks" / f"{name}.py").read_text("utf-8")


def test_the_table_says_what_became_faster_what_is_new_and_what_is_gone():
    lines = table({"a": 0.2, "b": 1.0}, {"a": 0.1, "c": 1.0}).splitlines()
    assert lines[1].split() == ["a", "200.00", "ms", "100.00", "ms", "2.00", "x"]
    assert lines[2].split() == ["c", "new", "1000.00", "ms"]
    assert lines[3].split() == ["b", "is", "gone"]
