"""Damaged pictures and lists of what is not there, in every dataset: named, and never a sample."""

import json
from pathlib import Path

import numpy as np
import pytest
from data_writers import hoi4d
from data_writers.all_sets import WRITERS, MiniSet

from haco.data.checks import Read, read_sample
from haco.data.distances import SurfaceCache, vertex_distances
from haco.data.index import READERS
from haco.data.mesh_files import load_mesh
from haco.files import InputError

ON_DISK = sorted(READERS.keys() - {"packed", "synthetic"})


def read_all(mini: MiniSet) -> list[Read]:
    reader = mini.open()
    return [read_sample(reader, index) for index in range(len(reader))]


@pytest.mark.parametrize("name", ON_DISK)
def test_a_picture_cut_short_costs_only_its_own_samples(name, tmp_path):
    mini = WRITERS[name](tmp_path)
    whole = {read.key: read for read in read_all(mini)}
    first = next(iter(whole))
    for path in sorted(
        {*tmp_path.rglob("*.jpg"), *tmp_path.rglob("*.jpeg"), *tmp_path.rglob("*.png")}
    ):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        if read_sample(mini.open(), 0).why:
            break
        path.write_bytes(content)
    reads = read_all(mini)
    faults = [read for read in reads if read.sample is None]
    assert 0 < len(faults) < len(whole)
    assert all(path.name in fault.why for fault in faults)
    kept = {read.key for read in reads if read.sample is not None}
    assert kept <= whole.keys() - {first}
    assert len(kept) + len(faults) == len(whole)


def add_line(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text()}{line}\n")


def add_entry(path: Path, add) -> None:
    content = json.loads(path.read_text())
    add(content)
    path.write_text(json.dumps(content))


ABSENT = {
    "arctic": lambda root: add_entry(
        root / "splits_json/protocol_p2.json",
        lambda splits: splits["train"].append("s01/absent_use_01"),
    ),
    "folder": lambda root: add_line(root / "hands.csv", "absent.jpg,5,5,40,40,left,,,"),
    "h2o": lambda root: add_line(
        root / "label_split/pose_test.txt", "subject1/h1/0/cam4/rgb/absent.png"
    ),
    "h2o3d": lambda root: add_line(root / "train.txt", "absent/0001"),
    "hic": lambda root: add_entry(
        root / "HIC.json",
        lambda table: [
            image.update(file_name="07/1/rgb/absent.png")
            for image in table["images"]
            if image["file_name"] == "07/1/rgb/001.png"
        ],
    ),
    "ho3d": lambda root: add_line(root / "train.txt", "absent/0001"),
    "interhand26m": lambda root: add_entry(
        root / "annotations/test/InterHand2.6M_test_data.json",
        lambda data: data["images"][0].update(file_name="Capture2/absent.jpg"),
    ),
    "mow": lambda root: add_entry(
        root / "poses.json", lambda fits: fits.append(fits[0] | {"image_id": "absent"})
    ),
}


@pytest.mark.parametrize("name", ABSENT)
def test_a_list_that_names_what_is_not_there_never_gives_a_sample(name, tmp_path):
    mini = WRITERS[name](tmp_path)
    before = {read.key for read in read_all(mini)}
    ABSENT[name](tmp_path)
    try:
        reads = read_all(mini)
    except InputError as error:  # the list itself is refused
        assert "absent" in str(error)  # noqa: PT017
        return
    faults = [read for read in reads if read.sample is None]
    assert faults
    assert all("absent" in fault.why and "no such file" in fault.why for fault in faults)
    assert {read.key for read in reads if read.sample is not None} <= before


@pytest.mark.parametrize("name", ["dexycb", "obman"])
def test_the_papers_list_of_what_is_not_there_is_refused(name, tmp_path):
    mini = WRITERS[name](tmp_path)
    (tmp_path / "list.json").write_text(json.dumps(["99999999"]))
    options = dict(mini.options) | {"ids": tmp_path / "list.json"}
    with pytest.raises(InputError, match="99999999"):
        READERS[name](tmp_path, "train", **options)[0]


def test_hoi4d_says_which_listed_sequences_it_lacks(tmp_path, caplog):
    mini = WRITERS["hoi4d"](tmp_path)
    absent = hoi4d.TRAIN.replace("N7", "N8")
    add_line(tmp_path / "datalists/train_all.txt", absent)
    assert len(mini.open()) == len(mini.truths)
    assert "1 of its 2 sequences" in caplog.text
    assert absent in caplog.text


def test_triangles_without_area_are_counted_and_change_no_distance(tmp_path):
    mini = WRITERS["obman"](tmp_path)
    reader = mini.open()
    before = vertex_distances(reader.scene(0), SurfaceCache())
    key = reader.scene(0).targets[0].key
    (model,) = tmp_path.glob("ShapeNetCore.v2/*/0f2a/models/*.obj")
    corner = next(line for line in model.read_text().splitlines() if line.startswith("v "))
    add_line(model, corner)  # the ninth vertex lies on the first
    add_line(model, "f 1/1 9/1 2/1\nf 2/1 9/1 1/1")
    load_mesh.cache_clear()
    after = vertex_distances(mini.open().scene(0), SurfaceCache())
    assert (before.degenerate, after.degenerate) == ({}, {key: 2})
    np.testing.assert_allclose(after.distance, before.distance, atol=1e-9)
