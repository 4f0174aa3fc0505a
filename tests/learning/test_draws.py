"""What an epoch shows: shares of datasets, balanced or not."""

import numpy as np
import pytest

from haco.data.labels import Truth
from haco.files import InputError
from haco.learning.config import SamplingConfig
from haco.learning.draws import epoch_draw

SIZES = (10, 30)


def truth(rng) -> Truth:
    contact = rng.random((40, 778)) < rng.random((40, 1))
    contact[::4] = False
    return Truth(contact, np.ones_like(contact))


def test_without_a_wish_every_sample_is_shown_once(rng):
    assert epoch_draw(SamplingConfig(), (), truth(rng), SIZES) is None


def test_weights_are_shares_of_the_epoch_and_use_all_samples_evenly(rng):
    draw = epoch_draw(SamplingConfig(), (3, 1), truth(rng), SIZES)
    shown = np.bincount(draw(rng), minlength=40)
    assert (shown[:10].sum(), shown[10:].sum()) == (30, 10)
    assert (shown[:10] == 3).all()
    assert shown[10:].max() == 1
    assert (draw(rng) != draw(rng)).any()


def test_dataset_of_weight_0_is_left_out(rng):
    draw = epoch_draw(SamplingConfig(), (0, 1), truth(rng), SIZES)
    assert draw(rng).min() == 10
    assert len(draw(rng)) == 40


def test_weights_hold_where_contact_is_balanced_too(rng):
    known = truth(rng)
    sampling = SamplingConfig(balanced=True, untouched=0.25)
    shown = epoch_draw(sampling, (3, 1), known, SIZES)(rng)
    touched = known.contact.any(axis=1)[shown]
    assert abs((shown < 10).mean() - 0.75) < 0.1
    assert abs(1 - touched.mean() - 0.25) < 0.1


def test_balance_alone_draws_from_all_datasets_as_one(rng):
    draw = epoch_draw(SamplingConfig(balanced=True, untouched=0.0), (), truth(rng), SIZES)
    assert truth(np.random.default_rng(0)).contact.any(axis=1)[draw(rng)].all()


def even_truth(rng) -> Truth:
    """Of samples whose scores lie evenly, so that no bin is empty; every fifth touches nothing."""
    contact = np.zeros((200, 778), bool)
    for row in range(200):
        contact[row, : row * 3] = row % 5 > 0
    return Truth(contact, np.ones_like(contact))


def test_the_reference_draw_is_made_once_a_run_and_only_of_what_touches(rng):
    known = even_truth(rng)
    sampling = SamplingConfig(balanced=True, mode="reference", untouched=0.25)
    draw = epoch_draw(sampling, (), known, (100, 100), seed=3)
    shown = draw(rng)
    np.testing.assert_array_equal(shown, draw(np.random.default_rng(9)))
    assert known.contact.any(axis=1)[shown].all()
    assert 40 < (shown < 100).sum() < 80 < len(shown)  # each dataset as large as it comes
    other = epoch_draw(sampling, (), known, (100, 100), seed=4)(rng)
    assert sorted(other) != sorted(shown)


def test_the_reference_draw_refuses_weights_and_empty_bins(rng):
    sampling = SamplingConfig(balanced=True, mode="reference")
    with pytest.raises(InputError, match="no data weights"):
        epoch_draw(sampling, (1, 1), even_truth(rng), (100, 100))
    contact = np.zeros((80, 778), bool)
    for row in range(80):
        contact[row, : row % 7 + (300 if row < 30 else 1)] = True
    with pytest.raises(InputError, match=r"cannot fill an empty bin .* use fixed"):
        epoch_draw(sampling, (), Truth(contact, np.ones_like(contact)), (80,))
