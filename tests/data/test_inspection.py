"""Samples read at random: faults named, geometry carried into the picture."""

import dataclasses

import numpy as np
from geometry_toys import BLOCK, BLOCK_FACES, BlockReader
from toys import ToyReader

from haco.data.inspection import inspect_samples
from haco.files import InputError


def test_targets_are_carried_into_the_cameras_frame():
    reader = BlockReader(num=3)
    found = inspect_samples(reader, seconds=0.0, num_seen=3, seed=0)
    assert sorted(seen.sample.key for seen in found.seen) == ["block/0", "block/1", "block/2"]
    for seen in found.seen:
        index = int(seen.sample.key[-1])
        # The reader's camera looks down on the block: its x is ours, y and z are turned.
        np.testing.assert_allclose(
            seen.things.vertices, BLOCK * [1, -1, -1] + [0, 0, 1.2], atol=1e-5
        )
        np.testing.assert_array_equal(seen.things.faces, BLOCK_FACES)
        np.testing.assert_allclose(seen.distance, reader.height(index), atol=1e-6)


def test_hand_that_differs_between_camera_and_scene_shows_no_target():
    class Bent(BlockReader):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            vertices = sample.vertices.copy()
            vertices[745] += 0.01
            return dataclasses.replace(sample, vertices=vertices)

    assert inspect_samples(Bent(num=1), seconds=0.0, num_seen=1, seed=0).seen[0].things is None


def test_labels_of_a_sample_are_shown_as_they_are():
    class Partly(ToyReader):
        def __getitem__(self, index):
            return dataclasses.replace(super().__getitem__(index), valid=np.arange(778) != 5)

    (seen,) = inspect_samples(Partly(1), seconds=0.0, num_seen=1, seed=0).seen
    assert np.isnan(seen.distance[5])
    np.testing.assert_allclose(np.delete(seen.distance, 5), np.delete(ToyReader(1)[0].distance, 5))


def test_faults_are_named_and_all_samples_read_if_time_allows():
    class Faulty(ToyReader):
        def __getitem__(self, index):
            if index in (2, 5):
                raise InputError(f"{index}.jpg: no such file")
            return super().__getitem__(index)

    shown = []
    found = inspect_samples(
        Faulty(9), seconds=60.0, num_seen=3, seed=1, progress=lambda *done: shown.append(done)
    )
    assert (found.num_read, found.most_faulty) == (9, 0)
    assert sorted(fault.why for fault in found.faults) == [
        "2.jpg: no such file",
        "5.jpg: no such file",
    ]
    assert len(found.seen) == 3
    assert shown[-1] == (9, 9)


def test_reading_stops_when_time_is_up_and_says_how_sure_it_is():
    found = inspect_samples(ToyReader(1000), seconds=0.0, num_seen=30, seed=0)
    assert found.num_read == 30
    # (1 - 0.1)^30 = 4 %: if a tenth were faulty, 30 would seldom all be good.
    assert found.most_faulty == 0.1


def test_order_is_the_seeds():
    keys = [
        [
            seen.sample.key
            for seen in inspect_samples(ToyReader(1000), seconds=0.0, num_seen=5, seed=seed).seen
        ]
        for seed in (0, 0, 1)
    ]
    assert keys[0] == keys[1] != keys[2]
