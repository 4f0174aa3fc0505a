"""Masks: each pixel of a made picture is told what it sees, and on the hand which part."""

import numpy as np
import pytest

from haco.geometry.camera import project
from haco.hands.open_hand import open_hand_arrays
from haco.synth.engine import draw_all, make_sample
from haco.synth.masks import NUM_PARTS, NUM_SEGMENTS, draw_masks
from haco.synth.truth import SEGMENTS, make_truth

SIZE = 128


def first(picture_set: str, *, is_left: bool) -> int:
    return next(i for i in range(40) if draw_all(picture_set, 1, i).is_left == is_left)


@pytest.fixture(scope="module", params=[False, True], ids=["right", "left"])
def case(request):
    index = first("full", is_left=request.param)
    sample = make_sample("full", 1, index, size=SIZE, supersample=1)
    return index, sample, draw_masks(draw_all("full", 1, index), SIZE)


def test_segments_are_the_engine_s_own(case):
    index, _, (segments, parts) = case
    _, truth = make_truth("full", 1, index, size=SIZE, supersample=1)
    assert (segments == truth.segments).all()
    assert segments.max() < NUM_SEGMENTS
    assert parts.max() == NUM_PARTS - 1


def test_parts_lie_on_the_hand_alone_and_where_their_vertices_are(case):
    _, sample, (segments, parts) = case
    on_hand = parts < NUM_PARTS - 1
    assert on_hand.sum() > 50
    assert (segments[on_hand] == SEGMENTS.index("hand")).all()
    part_index = open_hand_arrays().part_index
    pixels = project(sample.vertices.astype(np.float64), sample.K.astype(np.float64))
    span = pixels.max(axis=0) - pixels.min(axis=0)
    for part in np.unique(parts[on_hand]):
        rows, columns = np.nonzero(parts == part)
        seen = np.column_stack([columns, rows])[:, None]
        nearest = np.linalg.norm(seen - pixels[part_index == part], axis=-1).min(axis=1)
        assert nearest.max() < 0.15 * span.max()
