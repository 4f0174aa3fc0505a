"""MOW from a mini set of its own form."""

import json

import numpy as np
import pytest
from data.readers.checks import TOLERANCE, assert_reads, scene_distance, write_released
from data_writers import mow as writer
from data_writers.mano import mano_folder

from haco.data.index import open_dataset
from haco.data.readers import mow
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS


@pytest.fixture
def mini(tmp_path):
    return writer.write(tmp_path)


def opened(root, name="mow", **options):
    return open_dataset(name, root, mano_dir=mano_folder(), **options)


def test_hand_and_object_meet_at_the_hands_true_scale(mini):
    assert_reads(opened(mini.root), mini)


def test_the_sets_own_units_are_kept_on_request(mini):
    reader = opened(mini.root, "mow/units")
    for index, truth in enumerate(mini.truths):
        scale, scene = writer.HAND_SCALES[index], reader.scene(index)
        within = TOLERANCE * max(scale, 1)
        np.testing.assert_allclose(scene.vertices, scale * truth.vertices, atol=within)
        np.testing.assert_allclose(scene_distance(scene), scale * truth.distance, atol=within)
        # The picture looks the same at any scale.
        np.testing.assert_allclose(reader[index].box, opened(mini.root)[index].box, atol=1e-3)
    with pytest.raises(InputError, match="no such unit"):
        opened(mini.root, "mow/inches")


def test_the_papers_rule_is_in_the_unit_of_the_distances(mini):
    """At the middle scale, metres and the set's units give one answer."""
    paper = PROTOCOLS["paper"]
    contact = []
    for name in ("mow", "mow/units"):
        reader = opened(mini.root, name)
        kind = reader[0].interaction
        contact.append(paper.contact(scene_distance(reader.scene(0)), "mow", kind))
    assert writer.HAND_SCALES[0] == 1.85
    assert 10 < contact[0].sum() < 768
    np.testing.assert_array_equal(*contact)


@pytest.mark.parametrize("wrong", ["box's middle", "no normalisation", "y kept"])
def test_another_reading_of_the_model_is_millimetres_to_metres_off(mini, wrong, monkeypatch):
    def normalised(mesh):
        low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
        if wrong == "no normalisation":
            return (mesh.vertices - mesh.vertices.mean(axis=0)) * (1, -1, 1)
        centre = (low + high) / 2 if wrong == "box's middle" else mesh.vertices.mean(axis=0)
        return (
            (mesh.vertices - centre) * 2 / (high - low).max() * (1, -1 if "box" in wrong else 1, 1)
        )

    right = opened(mini.root).scene(0).targets[0]
    monkeypatch.setattr(mow, "_normalised", normalised)
    moved = opened(mini.root).scene(0).targets[0].vertices - right.vertices
    assert np.linalg.norm(moved, axis=1).max() > 0.004
    with pytest.raises(AssertionError):
        assert_reads(opened(mini.root), mini)


def test_names_split_the_set(tmp_path):
    names = writer.NAMES[0], *writer.OTHERS
    writer.write(tmp_path, names=names)
    for split, name in zip(("train", "val", "test"), names, strict=True):
        assert keys(opened(tmp_path, split=split)) == [f"mow/{name}"]


def test_lists_overrule_the_split(mini):
    np.save(mini.root / "mow_test.npy", np.array(writer.NAMES[:0:-1]))
    chosen = opened(mini.root, split="test", ids=mini.root / "mow_test.npy")
    assert keys(chosen) == [f"mow/{name}" for name in writer.NAMES[:0:-1]]
    (mini.root / "list.json").write_text(json.dumps(["elsewhere"]))
    with pytest.raises(InputError, match=r"list\.json: names 'elsewhere', which is not in"):
        opened(mini.root, ids=mini.root / "list.json")


def test_a_scale_of_zero_is_refused(mini):
    fits = json.loads(mini.annotation.read_text())
    fits[0]["hand_s"] = 0
    mini.annotation.write_text(json.dumps(fits))
    with pytest.raises(InputError, match=rf"poses\.json of {writer.NAMES[0]}: its 'hand_s' is 0"):
        opened(mini.root).scene(0)


def test_the_released_labels_bring_their_split(mini):
    bits = write_released(mini, writer.NAMES[1], split="test")
    reader = opened(mini.root, labels="released", split="test")
    assert keys(reader) == [f"mow/{writer.NAMES[1]}"]
    np.testing.assert_array_equal(reader[0].contact, bits)


def keys(reader):
    return [reader[index].key for index in range(len(reader))]
