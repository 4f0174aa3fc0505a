import math

import numpy as np
import pytest
import torch
from golden_files import LEVELS, golden, regressors, unpacked
from torch.testing import assert_close

from haco.learning.balance import (
    blended_counts,
    class_weights,
    vcb_weight_table,
    vertex_counts,
    weights_at,
)

GENERATOR = torch.Generator().manual_seed(0)


def test_counts_by_hand():
    contact = np.array([[1, 0, 0], [1, 1, 0]], bool)
    negatives, positives = vertex_counts(contact)
    assert negatives.tolist() == [0, 1, 2]
    assert positives.tolist() == [2, 1, 0]


def test_counts_leave_out_invalid_entries_and_values_other_than_0_and_1():
    contact = torch.tensor([[1.0, 0.0, float("nan")], [1.0, 1.0, 0.5]])
    valid = torch.tensor([[True, True, True], [False, True, True]])
    negatives, positives = vertex_counts(contact, valid=valid)
    assert negatives.tolist() == [0, 1, 0]
    assert positives.tolist() == [1, 1, 0]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("source", "prefix"), [("assets", ""), ("vcb", "sparse_")], ids=["usual", "clamped"]
)
def test_weights_equal_the_recorded_ones(level, source, prefix):
    recorded = golden("learning/vcb")
    contact = unpacked(golden(f"learning/{source}")[f"{prefix}contact_bits"])
    table = vcb_weight_table(*vertex_counts(contact), epochs=10, regressor=regressors()[level])
    expected = torch.from_numpy(recorded[f"{prefix}weights_{level}"]).double()
    assert_close(table[[0, 3, 9]], expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("source", "prefix"), [("assets", ""), ("vcb", "sparse_")], ids=["usual", "clamped"]
)
def test_counts_equal_the_recorded_ones(level, source, prefix):
    recorded = golden("learning/vcb")
    counts = vertex_counts(unpacked(golden(f"learning/{source}")[f"{prefix}contact_bits"]))
    regressor = regressors()[level]
    for place, epoch in enumerate((0, 3, 9)):
        found = blended_counts(*counts, 0.3 * epoch / 9).numpy()
        found = found if regressor is None else regressor.astype(np.float64) @ found
        np.testing.assert_allclose(found, recorded[f"{prefix}counts_{level}"][place], rtol=1e-5)


def test_blend_and_floor_by_hand():
    # The set has 199 negatives to 1 positive: 995 to 5; the floor makes it 995 to 20.
    counts = blended_counts(torch.tensor([100, 99]), torch.tensor([0, 1]), 0.0)
    assert_close(counts, torch.tensor([[995.0, 20.0]], dtype=torch.float64).expand(2, 2) / 1.015)
    # All the vertex's own: the second is 990 to 10, floored to 20.
    counts = blended_counts(torch.tensor([100, 99]), torch.tensor([0, 1]), 1.0)
    assert_close(counts[1], torch.tensor([990.0, 20.0], dtype=torch.float64) / 1.01)


def test_first_epoch_weighs_all_vertices_alike_and_later_ones_do_not():
    table = vcb_weight_table(torch.tensor([90, 50]), torch.tensor([10, 50]), epochs=3)
    assert_close(table[0, 0], table[0, 1])
    rare, common = table[2, :, 1]
    assert rare > common


def test_constant_schedule_starts_where_the_linear_one_ends():
    counts = torch.tensor([90, 50]), torch.tensor([10, 50])
    linear = vcb_weight_table(*counts, epochs=4)
    constant = vcb_weight_table(*counts, epochs=4, schedule="constant")
    assert_close(constant, linear[-1:].expand(4, 2, 2))


def test_weights_of_a_pair_sum_to_one_and_equal_counts_weigh_equally():
    weights = class_weights(torch.tensor([[30.0, 970.0], [500.0, 500.0]]))
    assert_close(weights.sum(dim=-1), torch.ones(2, dtype=torch.float64))
    assert_close(weights[1], torch.full((2,), 0.5, dtype=torch.float64))


def test_weights_equal_the_formula_in_exact_arithmetic():
    # (1 - b) / (1 - b^n) is the inverse of the geometric sum 1 + b + ... + b^(n-1).
    sums = [math.fsum(0.9999**power for power in range(n)) for n in (20, 980)]
    expected = sums[0] / sum(sums)  # weight of the larger class
    weights = class_weights(torch.tensor([20.0, 980.0]))
    assert abs(float(weights[1]) - expected) < 1e-13


@pytest.mark.parametrize(("beta", "expected"), [(0.0, 0.5), (1.0, 0.9)])
def test_extremes_of_beta_are_equal_weights_and_inverse_frequencies(beta, expected):
    assert_close(
        class_weights(torch.tensor([900, 100]), beta=beta)[1],
        torch.tensor(expected, dtype=torch.float64),
    )


def test_epochs_after_the_last_have_its_weights():
    table = torch.rand(3, 5, 2, generator=GENERATOR)
    assert_close(weights_at(table, 1), table[1])
    assert_close(weights_at(table, 12), table[2])
    with pytest.raises(ValueError, match="count from 0"):
        weights_at(table, -1)


def test_a_single_epoch_has_finite_weights():
    table = vcb_weight_table(torch.tensor([90, 100]), torch.tensor([10, 0]), epochs=1)
    assert table.shape == (1, 2, 2)
    assert table.isfinite().all()


def test_a_vertex_never_labelled_has_finite_weights():
    table = vcb_weight_table(torch.tensor([90, 0]), torch.tensor([10, 0]), epochs=2)
    assert table.isfinite().all()


def test_counts_of_zero_are_refused_with_the_mend():
    with pytest.raises(ValueError, match="raise the floor"):
        class_weights(torch.tensor([10, 0]))
    with pytest.raises(ValueError, match="between 0 and 1"):
        class_weights(torch.tensor([10, 1]), beta=2.0)
    with pytest.raises(ValueError, match="at least one epoch"):
        vcb_weight_table(torch.tensor([10]), torch.tensor([1]), epochs=0)
