"""What is known of a made picture beside its labels."""

import numpy as np
import pytest

from haco.geometry.camera import project
from haco.synth.engine import make_sample
from haco.synth.truth import SEGMENTS, make_truth

SIZE = 64


@pytest.fixture(scope="module")
def made():
    return [make_truth("full", 3, index, size=SIZE) for index in range(8)]


def test_it_is_the_same_sample(made):
    sample, _ = made[2]
    again = make_sample("full", 3, 2, size=SIZE)
    np.testing.assert_array_equal(sample.image, again.image)
    np.testing.assert_array_equal(sample.distance, again.distance)


def test_keypoints_in_space_project_onto_those_in_the_picture(made):
    assert {sample.side for sample, _ in made} == {"left", "right"}
    for sample, truth in made:
        seen = project(truth.keypoints_3d.astype(float), sample.K.astype(float))
        np.testing.assert_allclose(seen, sample.keypoints, atol=1e-2)


def test_the_hand_is_seen_where_its_vertices_are_and_at_their_depth(made):
    for sample, truth in made:
        rows, columns = np.nonzero(truth.segments == SEGMENTS.index("hand"))
        left, top, right, bottom = sample.box
        assert len(rows) > 50
        assert columns.min() >= left - 1.5
        assert columns.max() <= right + 0.5
        assert rows.min() >= top - 1.5
        assert rows.max() <= bottom + 0.5
        depths = truth.depth[rows, columns]
        # The drawn mesh is finer than the label mesh, and rounder by up to two millimetres.
        assert depths.min() > sample.vertices[:, 2].min() - 0.002
        assert depths.max() < sample.vertices[:, 2].max() + 0.002


def test_only_the_background_is_infinitely_far(made):
    for _, truth in made:
        assert (np.isinf(truth.depth) == (truth.segments == 0)).all()


def test_what_is_touched_is_named_and_drawn(made):
    roles = {"power": "object", "pinch": "object", "surface": "surface", "body": "body"}
    seen = set()
    for sample, truth in made:
        if sample.interaction == "free":
            assert truth.things == ()
        if sample.interaction in roles:
            seen.add(sample.interaction)
            assert len(truth.things) == 1
            assert (truth.segments == SEGMENTS.index(roles[sample.interaction])).any()
        assert truth.penetration == pytest.approx(max(0.0, -sample.distance.min()), abs=1e-6)
        assert 0.3 < truth.visible <= 1
    assert seen
