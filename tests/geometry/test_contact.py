"""Contact from distance: laws of the cut, and what each protocol says."""

import itertools

import numpy as np
import pytest

from haco.files import InputError
from haco.geometry.contact import PROTOCOLS, contact_from_distance


def test_widening_the_threshold_never_loses_contact(rng):
    distance = rng.normal(0, 0.02, 500)
    cuts = [contact_from_distance(distance, t) for t in (0.002, 0.005, 0.01, 0.035)]
    for tight, wide in itertools.pairwise(cuts):
        assert (wide | ~tight).all()
        assert wide.sum() > tight.sum()


def test_contact_is_strictly_nearer_than_the_threshold():
    distance = np.array([0.0, 0.00999, 0.01, 0.5])
    assert contact_from_distance(distance, 0.01).tolist() == [True, True, False, False]


def test_deep_vertices_count_only_when_the_inside_counts():
    distance = np.array([-0.02, -0.004])
    assert contact_from_distance(distance, 0.01).tolist() == [True, True]
    assert contact_from_distance(distance, 0.01, inside_counts=False).tolist() == [False, True]


def test_a_threshold_of_zero_is_refused():
    with pytest.raises(ValueError, match="above zero"):
        contact_from_distance(np.zeros(3), 0.0)


@pytest.mark.parametrize(
    ("dataset", "interaction", "threshold"),
    [
        ("dexycb", "unknown", 0.010),
        ("prox", "unknown", 0.010),
        ("interhand26m", "unknown", 0.005),
        ("hic", "unknown", 0.005),
        ("mow", "unknown", 0.035),
        ("mow", "grasp", pytest.approx(0.0189, abs=1e-4)),
        ("synthetic", "power", 0.010),
        ("synthetic", "hands", 0.005),
    ],
)
def test_paper_protocol_has_the_released_thresholds(dataset, interaction, threshold):
    assert PROTOCOLS["paper"].threshold(dataset, interaction) == threshold


def test_harmonised_protocol_treats_all_alike():
    distance = np.array([-0.03, 0.004, 0.008, 0.012])
    for dataset, interaction in (("mow", "unknown"), ("hic", "unknown"), ("synthetic", "hands")):
        contact = PROTOCOLS["harmonised"].contact(distance, dataset, interaction)
        assert contact.tolist() == [True, True, True, False]


def test_paper_protocol_calls_deep_penetration_no_contact():
    contact = PROTOCOLS["paper"].contact(np.array([-0.03, -0.004]), "dexycb")
    assert contact.tolist() == [False, True]


def test_unknown_dataset_is_refused_by_name():
    with pytest.raises(InputError, match="'nosuchset'"):
        PROTOCOLS["paper"].threshold("nosuchset")
