"""Labels from geometry: right by hand, resumable, matched by key; bad data is named."""

import dataclasses
import json

import numpy as np
import pytest
from geometry_toys import BLOCK_FACES, TOP_FACES, BlockReader
from toys import ToyReader

from haco.data import label_store, labelling
from haco.data.distances import SurfaceCache, vertex_distances
from haco.data.label_store import Labelled, LabelStore
from haco.data.labelling import label
from haco.data.labels import truth_of
from haco.data.readers.common import Scene
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.types import Sample

SOURCE: dict[str, object] = {"dataset": "block", "split": "train"}
OPEN_BLOCK = tuple(map(tuple, BLOCK_FACES[:-1]))


@dataclasses.dataclass(frozen=True, kw_only=True)
class FaultyReader(BlockReader):
    """Sample 1 has a picture that is cut short, 2 a pose with NaN, 3 an empty mesh."""

    num: int = 5

    def __getitem__(self, index: int) -> Sample:
        if index == 1:
            raise InputError("a.jpg: the picture is damaged")
        return super().__getitem__(index)

    def scene(self, index: int) -> Scene | None:
        scene = super().scene(index)
        assert scene is not None
        if index == 2:
            return dataclasses.replace(scene, vertices=scene.vertices * np.nan)
        if index == 3:
            empty = dataclasses.replace(
                scene.targets[0], key="empty", faces=np.zeros((0, 3), np.int64)
            )
            return dataclasses.replace(scene, targets=(empty,))
        return None if index == 4 else scene


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(labelling, "SHARD", 2)
    monkeypatch.setattr(label_store, "SHARD", 2)


def bytes_of(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_computed_distances_are_the_heights_over_the_block(tmp_path, small_shards):
    reader = BlockReader(num=5)
    label(reader, tmp_path / "labels", SOURCE, workers=1)
    labelled = Labelled(reader, tmp_path / "labels")
    assert len(labelled) == 5
    for index in range(5):
        sample = labelled[index]
        np.testing.assert_allclose(sample.distance, reader.height(index), atol=1e-6)
        assert sample.valid.all()
        scene, row = reader.scene(index), labelled.store[index]
        places = scene.vertices + row["offset"]
        up = scene.targets[0].T_scene_target[:3, 2]
        heights = (places - scene.targets[0].T_scene_target[:3, 3]) @ up
        np.testing.assert_allclose(heights, 0.5, atol=2e-4)
    assert labelled[0].distance.min() == pytest.approx(-0.02, abs=1e-6)


def test_truth_of_labels_is_the_truth_of_the_samples(tmp_path, small_shards):
    reader = BlockReader(num=5)
    label(reader, tmp_path / "labels", SOURCE, workers=1)
    labelled = Labelled(reader, tmp_path / "labels")
    fast = labelled.truth(PROTOCOLS["harmonised"])
    slow = truth_of([labelled[index] for index in range(5)], PROTOCOLS["harmonised"])
    np.testing.assert_array_equal(fast.contact, slow.contact)
    np.testing.assert_array_equal(fast.valid, slow.valid)
    expected = [(reader.height(index) < 0.01) for index in range(5)]
    np.testing.assert_array_equal(fast.contact, expected)


def test_vertices_that_may_be_deep_in_an_open_mesh_are_unknown(tmp_path):
    reader = BlockReader(num=1, faces=OPEN_BLOCK)
    label(reader, tmp_path / "labels", SOURCE, workers=1)
    sample, height = Labelled(reader, tmp_path / "labels")[0], reader.height(0)
    near = ~sample.valid | (np.abs(height) < 0.01)
    assert (sample.distance >= 0).all()
    np.testing.assert_array_equal(near, height < 0.01)
    assert (~sample.valid).sum() > 3
    truth = truth_of([sample], PROTOCOLS["harmonised"])
    assert not truth.contact[0, height > 0.011].any()
    assert truth.valid[0, height > 0].all()


def test_hand_far_from_everything_touches_nothing_and_that_is_known():
    vertices = BlockReader().hand(0).astype(np.float32)
    found = vertex_distances(Scene(vertices=vertices, targets=()), SurfaceCache())
    assert np.isinf(found.distance).all()
    assert found.side_known.all()


def test_of_several_targets_the_nearest_counts_and_any_inside_is_inside():
    reader = BlockReader()
    scene = reader.scene(1)
    block = scene.targets[0]
    moved = block.T_scene_target.copy()
    moved[:3, 3] += block.T_scene_target[:3, 2] * 1.05  # its bottom is 5 cm over the top
    above = dataclasses.replace(block, T_scene_target=moved)
    found = vertex_distances(dataclasses.replace(scene, targets=(above, block)), SurfaceCache())
    height = reader.height(1)
    gap = np.minimum(np.abs(height), np.abs(0.05 - height))
    np.testing.assert_allclose(np.abs(found.distance), gap, atol=1e-9)
    np.testing.assert_array_equal(found.distance < 0, (height < 0) | (height > 0.05))


def test_tree_is_built_once_for_each_key():
    surfaces, scene = SurfaceCache(), BlockReader().scene(0)
    first = surfaces(scene.targets[0])
    copy = dataclasses.replace(scene.targets[0], vertices=scene.targets[0].vertices.copy())
    assert surfaces(copy) is first
    other = dataclasses.replace(copy, vertices=copy.vertices + 1)
    with pytest.raises(InputError, match="'block': the key names two meshes"):
        surfaces(other)


@pytest.mark.parametrize("factor", [1.01, np.nan])
def test_placing_that_scales_is_refused(factor):
    scene = BlockReader().scene(0)
    scaled = dataclasses.replace(
        scene.targets[0], T_scene_target=scene.targets[0].T_scene_target * factor
    )
    with pytest.raises(InputError, match="not rigid"):
        vertex_distances(dataclasses.replace(scene, targets=(scaled,)), SurfaceCache())


def test_bad_samples_are_named_counted_and_left_out(tmp_path, small_shards):
    reader = FaultyReader()
    store = label(reader, tmp_path / "labels", SOURCE, workers=1)
    assert (store.card["labelled"], store.card["without geometry"], store.card["faulty"]) == (
        1,
        1,
        3,
    )
    faults = [json.loads(line) for line in (store.folder / "faults.jsonl").read_text().splitlines()]
    assert [fault["index"] for fault in faults] == [1, 2, 3]
    assert [fault["key"] for fault in faults] == ["", "block/2", "block/3"]
    assert "a.jpg: the picture is damaged" in faults[0]["why"]
    assert "not finite" in faults[1]["why"]
    assert "target 'empty': the mesh is empty" in faults[2]["why"]
    labelled = Labelled(reader, store.folder)
    assert [labelled[index].key for index in range(len(labelled))] == ["block/0", "block/4"]
    assert labelled[1].distance is None
    assert not labelled.truth(PROTOCOLS["harmonised"]).valid[1].any()


def test_bad_sample_stops_the_work_where_it_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"sample 1 : a\.jpg: the picture is damaged"):
        label(FaultyReader(), tmp_path, SOURCE, workers=1, on_fault="refuse")


def test_killed_labelling_goes_on_to_the_same_bytes(tmp_path, small_shards):
    asked = []

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Dies(BlockReader):
        def __getitem__(self, index):
            asked.append(index)
            if index == 3 and len(asked) < 5:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    whole = bytes_of(label(BlockReader(num=5), tmp_path / "whole", SOURCE, workers=1).folder)
    with pytest.raises(KeyboardInterrupt):
        label(Dies(num=5), tmp_path / "killed", SOURCE, workers=1)
    with pytest.raises(InputError, match="no finished labels"):
        LabelStore(tmp_path / "killed")
    label(Dies(num=5), tmp_path / "killed", SOURCE, workers=1)
    assert asked == [0, 1, 2, 3, 2, 3, 4]
    assert bytes_of(tmp_path / "killed") == whole


@pytest.mark.slow
def test_number_of_workers_does_not_change_a_byte(tmp_path):
    one = label(BlockReader(num=3), tmp_path / "one", SOURCE, workers=1)
    two = label(BlockReader(num=3), tmp_path / "two", SOURCE, workers=2)
    assert bytes_of(one.folder) == bytes_of(two.folder)


def test_labels_of_other_samples_are_refused(tmp_path):
    folder = label(BlockReader(), tmp_path / "labels", SOURCE, workers=1).folder
    with pytest.raises(InputError, match="of 4 samples, the dataset has 3"):
        Labelled(BlockReader(num=3), folder)
    with pytest.raises(InputError, match="label 2 is of 'block/2', but the dataset has 'other/2'"):
        Labelled(BlockReader(key_prefix="other"), folder)[2]
    with pytest.raises(InputError, match="holds another dataset"):
        label(BlockReader(num=3), folder, SOURCE, workers=1)


def test_dataset_without_meshes_cannot_be_labelled(tmp_path):
    with pytest.raises(InputError, match="toy: has no meshes"):
        label(ToyReader(2), tmp_path, {"dataset": "toy"}, workers=1)


def test_open_top_alone_still_gives_heights():
    reader = BlockReader(faces=tuple(map(tuple, TOP_FACES)))
    found = vertex_distances(reader.scene(3), SurfaceCache())
    np.testing.assert_allclose(found.distance, reader.height(3), atol=1e-9)
    assert found.side_known.all()
