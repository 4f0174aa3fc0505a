"""Several datasets as one."""

import numpy as np
import pytest
from toys import ToyReader

from haco.data.labels import truth_of
from haco.data.readers.joined import JoinedReader
from haco.geometry.contact import PROTOCOLS


def test_samples_come_one_dataset_after_another():
    joined = JoinedReader((ToyReader(2, seed=5), ToyReader(3, seed=6)))
    assert [joined[index].key for index in range(len(joined))] == [
        "toy/5/0",
        "toy/5/1",
        "toy/6/0",
        "toy/6/1",
        "toy/6/2",
    ]
    with pytest.raises(IndexError):
        joined[5]


def test_truth_has_the_order_of_the_samples():
    readers = (ToyReader(2, seed=5), ToyReader(3, seed=6))
    joined = JoinedReader(readers)
    protocol = PROTOCOLS["harmonised"]
    one_by_one = truth_of([joined[index] for index in range(5)], protocol)
    np.testing.assert_array_equal(joined.truth(protocol).contact, one_by_one.contact)
