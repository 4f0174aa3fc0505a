"""From distances or bits to contact."""

import numpy as np
import pytest

from haco.data.labels import contact_of, truth_of
from haco.geometry.contact import PROTOCOLS
from haco.types import Sample

HARMONISED = PROTOCOLS["harmonised"]


def sample_with(**labels) -> Sample:
    return Sample(
        key="synthetic/full/0/0",
        image=np.zeros((4, 4, 3), np.uint8),
        box=np.array([0, 0, 4, 4], np.float32),
        side="right",
        **labels,
    )


def distances(*first: float) -> np.ndarray:
    return np.array([*first] + [1.0] * (778 - len(first)), np.float32)


def test_distance_below_the_threshold_is_contact():
    truth = contact_of(sample_with(distance=distances(0.0099, 0.0101, -0.05)), HARMONISED)
    np.testing.assert_array_equal(truth.contact[:4], [True, False, True, False])
    assert truth.valid.all()


def test_protocol_sees_the_interaction():
    labels = {"distance": distances(0.007), "interaction": "hands"}
    assert contact_of(sample_with(**labels), HARMONISED).contact[0]
    assert not contact_of(sample_with(**labels), PROTOCOLS["paper"]).contact[0]


def test_unknown_vertices_are_no_contact_and_not_valid():
    valid = np.ones(778, bool)
    valid[1] = False
    truth = contact_of(sample_with(distance=distances(np.nan, 0, 0), valid=valid), HARMONISED)
    np.testing.assert_array_equal(truth.contact[:3], [False, False, True])
    np.testing.assert_array_equal(truth.valid[:3], [False, False, True])


def test_bits_are_taken_as_they_are():
    contact = np.zeros(778, bool)
    contact[[3, 5]] = True
    truth = contact_of(sample_with(contact=contact), HARMONISED)
    np.testing.assert_array_equal(truth.contact, contact)
    assert truth.valid.all()


def test_sample_without_labels_is_valid_nowhere():
    assert not contact_of(sample_with(), HARMONISED).valid.any()


@pytest.mark.parametrize("tabled", [False, True])
def test_truth_of_a_reader_has_one_row_a_sample(tabled):
    samples = [sample_with(distance=distances(0)), sample_with(distance=distances(1))]

    class Tabled(list):
        def truth(self, protocol):
            rows = [contact_of(sample, protocol) for sample in reversed(self)]
            return type(rows[0])(*(np.stack(rows) for rows in zip(*rows, strict=True)))

    truth = truth_of(Tabled(samples) if tabled else samples, HARMONISED)
    np.testing.assert_array_equal(truth.contact[:, 0], [False, True] if tabled else [True, False])
