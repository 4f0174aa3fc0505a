import numpy as np
from golden_files import golden, unpacked

from haco.apps.smoothing import (
    centred_line,
    centred_mean,
    reference_shown,
    reference_state,
    time_weights,
    to_logits,
    to_probability,
)

OFFSETS = np.arange(-5.0, 6.0)
SEEN = np.ones(11, bool)


def test_what_moves_steadily_is_not_shifted_even_at_the_end_of_a_track():
    weights = time_weights(OFFSETS, SEEN, reach=5)
    path = np.stack([7 + 3 * OFFSETS, 1 - 2 * OFFSETS], axis=1)
    np.testing.assert_allclose(centred_line(path, OFFSETS, weights), [7, 1])
    np.testing.assert_allclose(centred_line(path[:6], OFFSETS[:6], weights[:6]), [7, 1])
    np.testing.assert_allclose(centred_line(path[5:6], OFFSETS[5:6], weights[5:6]), [7, 1])


def test_smoothing_takes_most_of_the_noise_away(rng):
    weights = time_weights(OFFSETS, SEEN, reach=5)
    noise = rng.normal(size=(11, 4000))
    assert centred_line(noise, OFFSETS, weights).std() < 0.5
    assert centred_mean(noise, weights).std() < 0.5


def test_bridged_frames_count_less():
    seen = OFFSETS != 0
    full, bridged = time_weights(OFFSETS, SEEN, reach=5), time_weights(OFFSETS, seen, reach=5)
    assert bridged[5] == full[5] / 4
    np.testing.assert_array_equal(bridged[seen], full[seen])


def test_logits_and_back():
    probability = np.array([0.0, 1e-3, 0.5, 0.999, 1.0])
    np.testing.assert_allclose(to_probability(to_logits(probability)), probability, atol=2e-4)
    assert np.isfinite(to_logits(probability)).all()


def test_reference_boxes_and_masks_are_those_of_the_released_demo():
    recorded, assets = golden("learning/postproc"), golden("learning/assets")
    state = None
    for raw, expected in zip(recorded["bbox_raw"], recorded["bbox_smoothed"], strict=True):
        state = reference_state(state, raw)
        np.testing.assert_allclose(state, expected, atol=1e-9)
    state, raw = None, unpacked(recorded["temporal_raw_bits"])
    shown = unpacked(recorded["temporal_shown_bits"])
    for mask, expected, seen in zip(raw, recorded["temporal_smoothed"], shown, strict=True):
        state = reference_state(state, mask.astype(np.float64))
        np.testing.assert_allclose(state, expected, atol=1e-6)
        kept = reference_shown(state, assets["faces_closed"])
        assert not (kept & ~seen).any()
        if seen.sum() < 20:
            assert not kept.any()
