"""Every dataset from its raw files to a trained and scored network, with contact known throughout.

Each mini set is written in its own format, labelled from its meshes where it has any, packed,
trained on for one step and scored; and at the end the contact that a network is taught is held
against what the set's writer knows.
"""

import dataclasses
import shutil

import numpy as np
import pytest
from data_writers.all_sets import WRITERS, MiniSet
from data_writers.truth import Truth

import haco
from haco.data import labelling
from haco.data.index import READERS
from haco.data.label_store import Labelled, label_folder
from haco.data.labelling import label
from haco.data.packing import pack
from haco.data.readers.common import GeometryReader
from haco.data.store import PackedReader
from haco.data.transforms import to_crop
from haco.data.window import WINDOW
from haco.geometry.contact import PROTOCOLS
from haco.learning.config import TrainConfig

RULE = PROTOCOLS["harmonised"]
THRESHOLD = RULE.threshold("*")
ONE_STEP = TrainConfig(
    network="lab",
    crop_size=64,
    datasets=("packed/mini",),
    epochs=1,
    batch_size=2,
    workers=0,
    pictures=0,
)


def labelled_and_packed(mini: MiniSet, out) -> PackedReader:
    """Go a user's way from the raw set to a pack."""
    labels, reader = None, mini.open()
    if isinstance(reader, GeometryReader):
        labels = out / "labels"
        store = label(reader, label_folder(labels, mini.name, mini.split), {}, workers=1)
        assert store.card["labelled"] == len(mini.truths)
    return PackedReader(pack(mini.open(labels), out / "mini-train", {}, window=WINDOW, workers=1))


def assert_taught(packed: PackedReader, mini: MiniSet) -> np.ndarray:
    """Compare what a pack teaches with the writer's truth; give which hands touch, in order."""
    samples = [packed[index] for index in range(len(packed))]
    assert sorted(sample.key for sample in samples) == sorted(mini.truths)
    taught, expected = packed.truth(RULE), []
    for index, sample in enumerate(samples):
        truth = mini.truths[sample.key]
        assert sample.side == truth.side, sample.key
        contact, certain = known_contact(truth, mini.within)
        crop = to_crop(sample, RULE, size=64)
        for found, valid in (
            (taught.contact[index], taught.valid[index]),
            (crop.contact.numpy(), crop.valid.numpy()),
        ):
            certain_here = certain & valid
            np.testing.assert_array_equal(
                found[certain_here], contact[certain_here], err_msg=sample.key
            )
            # Far inside an open target nobody knows; all else is known.
            assert certain_here.sum() > 0.5 * certain.sum(), sample.key
            assert valid[contact].all(), sample.key
        assert_distance(sample.distance, truth, mini.within)
        if truth.contact is not None:
            np.testing.assert_array_equal(sample.contact, truth.contact, err_msg=sample.key)
        expected.append(contact)
    shares = np.mean(expected, axis=1)
    assert 0 < shares.max() < 1, "the writer's hands must both touch and not touch"
    return shares > 0


def known_contact(truth: Truth, within: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the bits that a network should learn, and for which vertices they are beyond doubt."""
    if truth.distance is None:
        return truth.contact, np.ones(778, bool)
    margin = within + 1e-3 * THRESHOLD  # a pack keeps distances in half precision
    return truth.distance < THRESHOLD, np.abs(truth.distance - THRESHOLD) > margin


def assert_distance(found: np.ndarray | None, truth: Truth, within: float) -> None:
    assert (found is None) == (truth.distance is None)
    if found is not None:
        np.testing.assert_allclose(found, truth.distance, rtol=1e-3, atol=within)


def test_every_reader_has_a_mini_set():
    assert sorted(WRITERS) == sorted(READERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(READERS))
def test_raw_files_become_a_trained_and_scored_network(name, tmp_path):
    mini = WRITERS[name](tmp_path / "raw")
    packed = labelled_and_packed(mini, tmp_path)
    touching = assert_taught(packed, mini)
    shutil.copytree(tmp_path / "mini-train", tmp_path / "mini-val")
    run = haco.train(ONE_STEP, roots=tmp_path, out=tmp_path / "run", stop_after=1, progress=False)
    scores = haco.evaluate(run.model, packed, size=64).contact
    assert (scores.num_hands, scores.num_touching) == (len(mini.truths), touching.sum())


def moved():
    """Measure from hands that lie 2 mm beside where they are."""
    measure = labelling.vertex_distances
    return lambda scene, surfaces: measure(
        dataclasses.replace(scene, vertices=scene.vertices + np.array([0.002, 0, 0])), surfaces
    )


def unsigned():
    measure = labelling.vertex_distances

    def wrong(scene, surfaces):
        found = measure(scene, surfaces)
        return dataclasses.replace(found, distance=np.abs(found.distance))

    return wrong


@pytest.mark.parametrize("wrong", [moved, unsigned])
@pytest.mark.parametrize("name", ["ho3d", "hic"])
def test_wrong_distances_would_be_seen(name, wrong, tmp_path, monkeypatch):
    mini = WRITERS[name](tmp_path / "raw")
    monkeypatch.setattr(labelling, "vertex_distances", wrong())
    with pytest.raises(AssertionError):
        assert_taught(labelled_and_packed(mini, tmp_path), mini)


def test_labels_of_the_neighbour_would_be_seen(tmp_path, monkeypatch):
    mini = WRITERS["hic"](tmp_path / "raw")
    own = Labelled.__getitem__
    monkeypatch.setattr(
        Labelled,
        "__getitem__",
        lambda self, index: dataclasses.replace(
            own(self, index), distance=own(self, (index + 1) % len(self)).distance
        ),
    )
    with pytest.raises(AssertionError):
        assert_taught(labelled_and_packed(mini, tmp_path), mini)
