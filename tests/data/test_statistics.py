import numpy as np
import pytest
from golden_files import golden, unpacked

from haco.data.statistics import contact_statistics, count_contact, count_packed


def test_counts_by_hand():
    counted = count_contact(np.array([[True, False, False], [True, True, False], [False] * 3]))
    assert counted.positives.tolist() == [2, 1, 0]
    assert counted.negatives.tolist() == [1, 2, 3]
    assert (counted.num_samples, counted.num_touching) == (3, 2)
    np.testing.assert_allclose(counted.mean, [2 / 3, 1 / 3, 0])


def test_mean_equals_the_recorded_one():
    assets = golden("learning/assets")
    counted = count_contact(unpacked(assets["contact_bits"]))
    np.testing.assert_allclose(counted.mean, assets["contact_means"], rtol=1e-12)


def test_invalid_entries_are_counted_nowhere():
    contact = np.array([[True, True], [False, True]])
    valid = np.array([[True, False], [True, False]])
    counted = count_contact(contact, valid)
    assert counted.positives.tolist() == [1, 0]
    assert counted.negatives.tolist() == [1, 0]
    assert counted.mean.tolist() == [0.5, 0]


def test_a_stream_counts_as_the_whole_however_it_is_cut(rng):
    contact = rng.random((50, 13)) < 0.3
    whole = count_contact(contact)
    for cuts in ([25], [1, 2, 3, 49], []):
        streamed = contact_statistics(iter(np.split(contact, cuts)))
        assert (streamed.positives == whole.positives).all()
        assert (streamed.negatives == whole.negatives).all()
        assert streamed.num_samples == 50
        assert streamed.num_touching == whole.num_touching


@pytest.mark.parametrize("num_samples", [1, 5000])
def test_packed_bits_count_as_the_matrix(rng, num_samples):
    contact = rng.random((num_samples, 13)) < 0.3
    packed = count_packed(np.packbits(contact, axis=1), num_vertices=13)
    whole = count_contact(contact)
    assert (packed.positives == whole.positives).all()
    assert (packed.negatives == whole.negatives).all()
    assert packed.num_touching == whole.num_touching


def test_an_empty_stream_is_refused():
    with pytest.raises(ValueError, match="at least one batch"):
        contact_statistics(iter(()))
