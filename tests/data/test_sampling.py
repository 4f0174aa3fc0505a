import math

import numpy as np
import pytest
from golden_files import golden, unpacked

from haco.data.sampling import (
    balance_scores,
    balance_scores_packed,
    bin_edges,
    bin_index,
    draw_balanced,
    draw_balanced_per_dataset,
)


@pytest.fixture(scope="module")
def recorded() -> dict[str, np.ndarray]:
    return golden("learning/bcs")


@pytest.fixture(scope="module")
def scores(recorded) -> np.ndarray:
    return balance_scores(unpacked(recorded["contact_bits"]), recorded["contact_means"])


# Scores


def test_scores_equal_the_recorded_ones(scores, recorded):
    np.testing.assert_allclose(scores, recorded["scores"], rtol=0, atol=1e-12)


def test_order_of_scores_equals_the_recorded_one(scores, recorded):
    order = np.argsort(-scores, kind="stable")[: (~np.isnan(scores)).sum()]
    assert sorted(order) == sorted(recorded["sorted_ids"])
    # Scores equal but for rounding may change places.
    np.testing.assert_allclose(scores[order], scores[recorded["sorted_ids"]], rtol=0, atol=1e-12)


def test_scores_by_hand():
    contact = np.array([[1, 1], [0, 1], [0, 0]])
    scores = balance_scores(contact, np.array([0.9, 0.2]))
    np.testing.assert_allclose(scores, [(-0.8 + 0.6) / 2, 0.6 / 2, np.nan])


def test_packed_scores_equal_the_plain_sum(rng):
    contact = rng.random((9000, 21)) < 0.2  # more rows than are scored at once
    mean = rng.random(21)
    plain = np.array([np.mean(row * (1 - 2 * mean)) if row.any() else np.nan for row in contact])
    packed = balance_scores_packed(np.packbits(contact, axis=1), mean)
    np.testing.assert_allclose(packed, plain, rtol=0, atol=1e-14)


def test_rows_of_another_length_are_refused():
    with pytest.raises(ValueError, match="21 vertices pack into 3 bytes"):
        balance_scores_packed(np.zeros((2, 4), np.uint8), np.zeros(21))


# Edges and bins


def test_edges_equal_the_recorded_ones(scores, recorded):
    np.testing.assert_allclose(bin_edges(scores), recorded["bin_edges"], rtol=0, atol=1e-6)


def test_edges_by_hand():
    # Range 0..1, two bins, curvature 1: log(1 + x) / log 2 at x = 1e-5, 0.500005 and 1.
    expected = [math.log1p(1e-5), math.log1p(0.500005), math.log1p(1.0)]
    edges = bin_edges(np.array([0.0, np.nan, 1.0]), num_bins=2, curvature=1.0)
    np.testing.assert_allclose(edges, np.array(expected) / math.log(2))


def test_reference_bins_equal_the_recorded_ones(scores, recorded):
    edges = recorded["bin_edges"]
    found = bin_index(scores, bin_edges(scores), "reference")
    near_an_edge = (np.abs(scores[:, None] - edges).min(axis=1)) < 1e-6
    assert near_an_edge.sum() < 10
    assert (found == recorded["bin_id"])[~near_an_edge].all()


def test_fixed_bins_lose_nothing_that_touches(scores):
    found = bin_index(scores, bin_edges(scores))
    assert ((found >= 0) == ~np.isnan(scores)).all()
    assert found[np.nanargmin(scores)] == 0
    assert found[np.nanargmax(scores)] == 4


def test_reference_bins_lose_the_lowest_score(scores):
    assert bin_index(scores, bin_edges(scores), "reference")[np.nanargmin(scores)] == -1


def test_settings_that_make_no_bins_are_refused():
    with pytest.raises(ValueError, match="num_bins >= 1"):
        bin_edges(np.zeros(3), num_bins=0)
    with pytest.raises(ValueError, match="nothing to balance"):
        bin_edges(np.full(3, np.nan))


# The reference draw


def test_reference_draw_has_the_recorded_sizes(scores, recorded, rng):
    drawn = draw_balanced(scores, rng, mode="reference")
    bins = bin_index(scores, bin_edges(scores), "reference")
    assert len(drawn) == len(recorded["selected_ids"])
    assert (np.bincount(bins[drawn], minlength=5) == recorded["selected_per_bin"]).all()
    sizes, target = recorded["bin_sizes"], int(recorded["target_size"])
    unique = np.bincount(bins[np.unique(drawn)], minlength=5)
    for place in range(5):
        assert unique[place] <= min(sizes[place], target)
        if sizes[place] >= target:
            assert unique[place] == target


def test_reference_draw_of_a_small_bin_is_a_bootstrap(rng):
    low, high = np.linspace(0, 0.1, 200), np.linspace(0.9, 1, 100)
    drawn = draw_balanced(np.concatenate([low, high]), rng, mode="reference", num_bins=2)
    assert len(np.unique(drawn[drawn >= 200])) < 99  # some of them never, though 149 are drawn


def test_reference_draw_refuses_an_empty_bin(recorded, rng):
    scores = balance_scores(unpacked(recorded["emptybin_contact_bits"]), recorded["emptybin_means"])
    sizes = np.bincount(
        bin_index(scores, bin_edges(scores), "reference").clip(-1) + 1, minlength=6
    )[1:]
    assert (sizes == recorded["emptybin_bin_sizes"]).all()
    with pytest.raises(ValueError, match="empty bin"):
        draw_balanced(scores, rng, mode="reference")


def test_reference_draw_of_equal_scores_is_empty(recorded, rng):
    scores = balance_scores(unpacked(recorded["equal_contact_bits"]), recorded["equal_means"])
    assert len(draw_balanced(scores, rng, mode="reference")) == recorded["equal_n_selected"] == 0


# The fixed draw


def test_fixed_draw_takes_from_every_bin_alike(scores, rng):
    drawn = draw_balanced(scores, rng)
    per_bin = np.bincount(bin_index(scores, bin_edges(scores))[drawn], minlength=5)
    assert (per_bin == (~np.isnan(scores)).sum() // 5).all()


def test_fixed_draw_repeats_members_of_a_small_bin_evenly(scores, rng):
    drawn = np.bincount(draw_balanced(scores, rng), minlength=len(scores))
    bins = bin_index(scores, bin_edges(scores))
    for place in range(5):
        times = drawn[bins == place]
        assert times.max() - times.min() <= 1
    assert (drawn[np.isnan(scores)] == 0).all()


def test_fixed_draws_of_several_epochs_show_everything(scores):
    seen = [draw_balanced(scores, np.random.default_rng((3, epoch))) for epoch in range(60)]
    assert set(np.concatenate(seen)) == set(np.flatnonzero(~np.isnan(scores)))
    assert (seen[0] != seen[1]).any()


def test_fixed_draw_skips_empty_bins(recorded, rng):
    scores = balance_scores(unpacked(recorded["emptybin_contact_bits"]), recorded["emptybin_means"])
    drawn = draw_balanced(scores, rng)
    per_bin = np.bincount(bin_index(scores, bin_edges(scores))[drawn], minlength=5)
    assert (per_bin == 0).any()
    assert len(set(per_bin[per_bin > 0])) == 1


def test_fixed_draw_of_equal_scores_is_everything(recorded, rng):
    scores = balance_scores(unpacked(recorded["equal_contact_bits"]), recorded["equal_means"])
    assert sorted(draw_balanced(scores, rng)) == list(np.flatnonzero(~np.isnan(scores)))


@pytest.mark.parametrize("mode", ["reference", "fixed"])
def test_same_generator_gives_the_same_draw(scores, mode):
    first, second = (draw_balanced(scores, np.random.default_rng(5), mode) for _ in range(2))
    assert (first == second).all()


def test_untouched_hands_take_the_share_that_is_asked(scores, rng):
    drawn = draw_balanced(scores, rng, untouched=0.25)
    assert np.isnan(scores[drawn]).mean() == pytest.approx(0.25, abs=0.001)


def test_size_is_met_to_within_the_bins(scores, rng):
    assert len(draw_balanced(scores, rng, size=503)) == 500
    assert len(draw_balanced(scores, rng, size=50_003)) == 50_000


def test_a_set_that_touches_nothing_is_drawn_only_by_choice(rng):
    untouched = np.full(6, np.nan)
    with pytest.raises(ValueError, match="touches anything"):
        draw_balanced(untouched, rng)
    assert sorted(draw_balanced(untouched, rng, untouched=0.1)) == list(range(6))


def test_options_that_do_not_apply_are_refused(scores, rng):
    with pytest.raises(ValueError, match="neither"):
        draw_balanced(scores, rng, mode="reference", size=10)
    with pytest.raises(ValueError, match="below 1"):
        draw_balanced(scores, rng, untouched=1.0)


def test_per_dataset_draw_balances_each_by_itself(rng):
    first = np.array([0.0, 0.01, 0.02, 0.9])
    second = np.array([np.nan, 5.0, 5.0, 9.0])
    drawn = draw_balanced_per_dataset([first, second], rng, num_bins=2)
    assert len(drawn) == 4 + 2
    assert sorted(drawn[drawn < 4])[-2:] == [3, 3]  # the lone high score, as often as the low ones
    assert 7 in drawn
    assert 4 not in drawn
