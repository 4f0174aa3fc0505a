"""What labels amount to, on hands whose distances are known by hand."""

import dataclasses

import numpy as np
import pytest
from geometry_toys import BlockReader
from toys import ToyReader

from haco.data.audit import by_paper, by_rule, compare, gather, tally
from haco.data.label_store import Labelled
from haco.data.labelling import label
from haco.files import InputError


@dataclasses.dataclass(frozen=True, kw_only=True)
class BothReader(BlockReader):
    """Hands with geometry, and bits that call everything below 15 mm contact."""

    def __getitem__(self, index):
        sample = super().__getitem__(index)
        return dataclasses.replace(sample, contact=self.height(index) < 0.015)


def heights(num: int) -> np.ndarray:
    return np.stack([BothReader().height(index) for index in range(num)])


def test_contact_is_computed_from_geometry_and_counted():
    gathered = gather(BothReader(), "block", num=10, seed=0)
    height = heights(4)
    np.testing.assert_allclose(gathered.distance, height, atol=1e-6)
    contact = by_rule(gathered, "harmonised")
    np.testing.assert_array_equal(contact, height < 0.01)
    found = tally(contact, ~np.isnan(gathered.distance))
    touching = (height < 0.01).sum()
    assert found.share == pytest.approx(touching / height.size)
    assert found.ratio == pytest.approx((height.size - touching) / touching)
    assert (found.touching, found.unknown) == ((height < 0.01).any(axis=1).mean(), 0)
    np.testing.assert_allclose(found.frequency, (height < 0.01).mean(axis=0))


def test_rules_differ_by_threshold_and_by_depth():
    gathered = gather(BothReader(), "block", num=10, seed=0)
    height = heights(4)
    np.testing.assert_array_equal(by_rule(gathered, "5 mm"), np.abs(height) < 0.005)
    np.testing.assert_array_equal(by_rule(gathered, "19 mm"), np.abs(height) < 0.019)
    assert by_paper(gathered) is None, "the paper knows no such set"
    of_prox = dataclasses.replace(gathered, name="prox")
    np.testing.assert_array_equal(by_paper(of_prox), np.abs(height) < 0.01)


def test_shipped_bits_are_compared_with_geometry():
    gathered = gather(BothReader(), "block", num=10, seed=0)
    height = heights(4)
    shipped, computed = height < 0.015, height < 0.01
    found = compare(gathered.shipped, by_rule(gathered, "harmonised"), gathered.shipped_known)
    assert found.iou == pytest.approx(computed.sum() / shipped.sum())
    assert found.differing == pytest.approx((shipped & ~computed).mean())
    assert found.first_only == pytest.approx(1 - computed.sum() / shipped.sum())
    assert found.second_only == 0


def test_comparison_looks_only_where_both_know():
    first = np.array([[True, True, False, True]])
    second = np.array([[True, False, False, False]])
    found = compare(first, second, np.array([[True, True, True, False]]))
    assert (found.iou, found.differing) == (0.5, pytest.approx(1 / 3))


def test_unknown_vertices_count_in_no_share():
    contact = np.array([[True, False, True, False]] * 2)
    known = np.array([[True, True, False, False], [False, True, False, False]])
    found = tally(contact, known)
    assert (found.contact, found.known, found.unknown) == (1, 3, 5 / 8)
    assert found.frequency == (1, 0, 0, 0)
    assert found.touching == 0.5


def test_computed_labels_are_taken_where_they_lie(tmp_path):
    reader = BothReader()
    store = label(reader, tmp_path / "labels", {"dataset": "block"}, workers=1)

    class NoScene(Labelled):
        def scene(self, index):
            raise AssertionError("it was computed already")

    gathered = gather(NoScene(reader, store.folder), "block", num=10, seed=0)
    np.testing.assert_allclose(gathered.distance, heights(4), atol=1e-6)
    assert gathered.shipped_known.all()


def test_hands_are_drawn_by_the_seed_and_faults_are_named():
    class Faulty(ToyReader):
        def __getitem__(self, index):
            if index % 2:
                raise InputError("a.jpg: no such file")
            return super().__getitem__(index)

    reader = Faulty(100)
    once, again, other = (gather(reader, "toy", num=10, seed=seed) for seed in (0, 0, 1))
    assert 0 < len(once.faults) < 10
    assert len(once.distance) + len(once.faults) == 10
    np.testing.assert_array_equal(once.distance, again.distance)
    assert once.faults != other.faults
    with pytest.raises(InputError, match=r"none of 1 hands can be used, as: a\.jpg"):
        gather(_Broken(), "toy", num=5, seed=0)


class _Broken:
    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise InputError("a.jpg: no such file")
