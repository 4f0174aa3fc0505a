import math

import numpy as np
import pytest
import torch
from golden_files import LEVELS, golden, regressors, unpacked
from torch import Tensor
from torch.testing import assert_close

from haco.learning.balance import vcb_weight_table, vertex_counts, weights_at
from haco.learning.config import LossConfig
from haco.learning.fused import Propagation, fused_levels
from haco.learning.losses import (
    balanced_bce,
    coarse_targets,
    contact_loss,
    false_positives,
    keypoint_loss,
    mean_regularisation,
    smoothness,
    touch_loss,
    weighted_bce,
)
from haco.learning.rivals import RIVALS, make_rival
from haco.learning.terms import LevelTerms, LossTerms, build_loss_terms
from haco.types import ContactLogits, Crop

GENERATOR = torch.Generator().manual_seed(0)


def value_and_gradient(loss, logits: np.ndarray, dtype=torch.float32) -> tuple[float, np.ndarray]:
    leaf = torch.from_numpy(logits).to(dtype).requires_grad_()
    value = loss(leaf)
    value.backward()
    assert leaf.grad is not None
    return value.item(), leaf.grad.numpy()


def assert_near(found, expected, relative: float) -> None:
    """Compare, relative to the largest expected value."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=relative * np.abs(expected).max())


@pytest.fixture(scope="module")
def tables() -> dict[str, Tensor]:
    counts = vertex_counts(unpacked(golden("learning/assets")["contact_bits"]))
    return {
        level: vcb_weight_table(*counts, epochs=10, regressor=regressor)
        for level, regressor in regressors().items()
    }


@pytest.fixture(scope="module")
def propagation() -> Tensor:
    recorded = golden("learning/smooth")
    dense = torch.zeros(778, 778)
    rows, columns = (torch.from_numpy(recorded[f"adj_{axis}"]).long() for axis in ("row", "col"))
    dense[rows, columns] = torch.from_numpy(recorded["adj_val"])
    return dense


# The class-balanced loss


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("soft", [False, True], ids=["bool", "float"])
def test_balanced_loss_equals_the_recorded_one(level, soft, tables):
    recorded = golden("learning/vcb")
    target = torch.from_numpy(recorded[f"gt_{level}"])
    target = target.float() if soft else target.bool()
    for place, epoch in enumerate(recorded["epochs"]):
        weights = weights_at(tables[level], int(epoch))
        value, gradient = value_and_gradient(
            lambda logits, weights=weights: balanced_bce(logits, target, weights),
            recorded[f"logits_{level}"],
        )
        assert_near(value, recorded[f"loss_{level}"][place], 1e-5)
        assert_near(gradient, recorded[f"grad_{level}"][min(place, 2)], 1e-5)


def test_balanced_loss_of_valid_samples_equals_the_recorded_one(tables):
    recorded = golden("learning/vcb")
    target, valid = (torch.from_numpy(recorded[name]).bool() for name in ("gt_mesh", "valid"))
    value, gradient = value_and_gradient(
        lambda logits: balanced_bce(logits, target, tables["mesh"][9], valid=valid),
        recorded["logits_mesh"],
    )
    assert_near(value, recorded["loss_mesh_valid_e9"], 1e-5)
    assert_near(gradient, recorded["grad_mesh_valid_e9"], 1e-5)


def test_gradient_at_saturated_logits_lives_on_and_agrees_where_the_reference_is_alive(tables):
    recorded = golden("learning/vcb")
    logits, target = recorded["sat_logits"], torch.from_numpy(recorded["sat_gt"]).bool()
    _, gradient = value_and_gradient(
        lambda logits: balanced_bce(logits, target, tables["mesh"][9]), logits
    )
    moderate = np.abs(logits) <= 12
    np.testing.assert_allclose(
        gradient[moderate], recorded["sat_grad_e9"][moderate], rtol=1e-3, atol=1e-9
    )
    wrong = (logits > 20) & ~target.numpy()
    assert wrong.any()
    assert (recorded["sat_grad_e9"][wrong] == 0).any()
    assert (gradient[wrong] > 0).all()


@pytest.mark.parametrize("target", [torch.tensor([[True, False]]), torch.tensor([[1.0, 0.0]])])
def test_balanced_loss_by_hand(target):
    weights = torch.tensor([[0.25, 0.75], [0.25, 0.75]])
    logits = torch.tensor([[0.0, math.log(3)]])  # p = 1/2 and 3/4
    expected = (0.75 * math.log(2) + 0.25 * math.log(4)) / 2 + 0.5 * 0.75 / 2
    assert balanced_bce(logits, target, weights).item() == pytest.approx(expected)
    bare = balanced_bce(logits, target, weights, false_positive_penalty=0.0)
    assert bare.item() == pytest.approx(expected - 0.5 * 0.75 / 2)


def test_one_pair_of_weights_serves_all_positions():
    logits, target = (
        torch.randn(2, 5, generator=GENERATOR),
        torch.rand(2, 5, generator=GENERATOR) < 0.5,
    )
    pair = torch.tensor([[0.2, 0.8]])
    assert_close(
        balanced_bce(logits, target, pair), balanced_bce(logits, target, pair.expand(5, 2))
    )


def test_soft_target_is_the_mixture_of_its_hard_ones():
    logits, weights = torch.randn(1, 4, generator=GENERATOR), torch.rand(4, 2, generator=GENERATOR)
    yes, no = torch.ones(1, 4), torch.zeros(1, 4)
    mixed = balanced_bce(logits, 0.3 * yes, weights)
    assert_close(
        mixed, 0.3 * balanced_bce(logits, yes, weights) + 0.7 * balanced_bce(logits, no, weights)
    )


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_saturated_logits_give_finite_loss_and_gradient(sign):
    logits = torch.full((1, 3), sign * 500.0, requires_grad=True)
    loss = balanced_bce(logits, torch.tensor([[True, False, True]]), torch.full((3, 2), 0.5))
    loss.backward()
    assert loss.isfinite()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert (logits.grad != 0).any()


# What is not valid does not count

TERMS = {
    "bce": lambda z, y, valid: weighted_bce(z, y, torch.full((1, 2), 0.5), valid=valid),
    "soft bce": lambda z, y, valid: weighted_bce(z, y.float(), torch.ones(1, 2), valid=valid),
    "false positives": lambda z, y, valid: false_positives(z, y, valid=valid),
    "regularisation": lambda z, y, valid: mean_regularisation(
        z, torch.full((6,), 0.3), valid=valid
    ),
}


@pytest.mark.parametrize("term", TERMS)
def test_a_term_of_valid_vertices_is_the_mean_over_them(term):
    logits, target = (
        torch.randn(4, 6, generator=GENERATOR),
        torch.rand(4, 6, generator=GENERATOR) < 0.5,
    )
    valid = torch.rand(4, 6, generator=GENERATOR) < 0.6
    singles = [
        TERMS[term](logits[i : i + 1, j].expand(1, 6), target[i : i + 1, j].expand(1, 6), None)
        for i, j in valid.nonzero().tolist()
    ]
    assert_close(TERMS[term](logits, target, valid), torch.stack(singles).mean())


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("shape", [(4,), (4, 6)])
def test_nothing_valid_is_zero_with_a_gradient(term, shape):
    logits = torch.randn(4, 6, requires_grad=True, generator=GENERATOR)
    loss = TERMS[term](
        logits, torch.rand(4, 6, generator=GENERATOR) < 0.5, torch.zeros(shape, dtype=torch.bool)
    )
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()


# Regularisation


@pytest.mark.parametrize("masked", [False, True])
def test_regularisation_equals_the_recorded_one(masked):
    recorded = golden("learning/reg")
    valid = torch.from_numpy(recorded["valid"]) if masked else None
    mean = torch.from_numpy(recorded["contact_means"])
    value, gradient = value_and_gradient(
        lambda logits: mean_regularisation(logits, mean, valid=valid), recorded["logits"]
    )
    suffix = "_valid" if masked else ""
    assert_near(value, recorded[f"loss{suffix}"], 1e-5)
    assert_near(gradient, recorded[f"grad{suffix}"], 1e-5)


# Smoothness


def as_dense(matrix: Tensor) -> Tensor:
    return matrix


def as_coo(matrix: Tensor) -> Tensor:
    return matrix.to_sparse_coo()


LAYOUTS = [as_dense, as_coo, Propagation]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", ["random", "patches", "low", "high", "constant"])
def test_smoothness_equals_the_recorded_one(case, layout, propagation):
    recorded = golden("learning/smooth")
    logits, matrix = recorded[f"logits_{case}"], layout(propagation)
    value_close, gradient_close = (2e-3, 1e-2) if case == "high" else (1e-5, 1e-4)
    whole, _ = value_and_gradient(lambda z: smoothness(z, matrix), logits)
    assert_near(whole, recorded[f"loss_batch_{case}"], value_close)
    for place, single in enumerate(logits):
        value, gradient = value_and_gradient(lambda z: smoothness(z, matrix), single[None])
        assert_near(value, recorded[f"loss_each_{case}"][place], value_close)
        if case != "constant":  # ties of the maximum have no one gradient
            assert_near(gradient[0], recorded[f"grad_each_{case}"][place], gradient_close)


def test_smoothness_by_hand():
    # Two vertices and one edge of weight 1: A is all ones, so P = (1, 1) where p = (3/4, 1/4).
    logits = torch.tensor([[math.log(3), -math.log(3)]], dtype=torch.float64)
    spread = 2 * (abs(0.75 - 1) + abs(0.25 - 1))
    found = smoothness(logits, torch.ones(2, 2))
    assert found.item() == pytest.approx(math.log(1 + spread / 4.001), rel=1e-5)


@pytest.mark.parametrize("offset", [-12.0, 12.0, 20.0])
def test_smoothness_in_float32_keeps_its_digits_at_large_logits(offset, propagation, rng):
    matrix = Propagation(propagation)
    logits = offset + rng.standard_normal((2, 778))
    value, gradient = value_and_gradient(lambda z: smoothness(z, matrix), logits)
    exact, exact_gradient = value_and_gradient(
        lambda z: smoothness(z, matrix), logits, torch.float64
    )
    assert value == pytest.approx(exact, rel=1e-6)
    assert_near(gradient, exact_gradient, 1e-4)


def test_smoothness_gradient_equals_finite_differences():
    corner = torch.tensor([[1.0, 2, 1, 0], [2, 1, 2, 1], [1, 2, 1, 1], [0, 1, 1, 1]])
    logits = torch.tensor([[0.3, -1.2, 0.8, 2.0], [1.5, 0.1, -0.4, -2.0]], dtype=torch.float64)
    matrix = Propagation(corner)
    assert torch.autograd.gradcheck(
        lambda z: smoothness(z, matrix), logits.requires_grad_(), eps=1e-7
    )


def test_smoothness_of_a_batch_is_the_mean_of_its_samples(propagation):
    logits, matrix = torch.randn(3, 778, generator=GENERATOR), Propagation(propagation)
    singles = torch.stack([smoothness(each[None], matrix) for each in logits])
    assert_close(smoothness(logits, matrix), singles.mean())
    valid = torch.tensor([True, False, True])
    assert_close(smoothness(logits, matrix, valid=valid), singles[valid].mean())


def test_smoothness_survives_fully_saturated_fields(propagation):
    logits = torch.tensor([[-300.0], [300.0]]).expand(2, 778).clone().requires_grad_()
    loss = smoothness(logits, Propagation(propagation))
    loss.backward()
    assert loss.isfinite()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_propagation_refuses_an_asymmetric_matrix():
    with pytest.raises(ValueError, match="symmetric"):
        Propagation(torch.tensor([[1.0, 2.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="square"):
        Propagation(torch.ones(2, 3))


# The fused terms against the plain ones


@pytest.mark.parametrize("masked", [False, True])
def test_fused_levels_equal_the_plain_terms(masked):
    sizes = (6, 3)
    target, weights, known = (
        torch.rand(4, 9, generator=GENERATOR) < 0.4,
        torch.rand(9, 2, generator=GENERATOR),
        torch.rand(4, 9, generator=GENERATOR) < 0.6 if masked else None,
    )
    logits = [
        (3 * torch.randn(4, size, dtype=torch.float64, generator=GENERATOR)).requires_grad_()
        for size in sizes
    ]
    fused = fused_levels(logits, target, weights, known)
    for number, rows in enumerate((slice(0, 6), slice(6, 9))):
        valid = None if known is None else known[:, rows]
        plain = (
            weighted_bce(logits[number], target[:, rows], weights[rows], valid=valid),
            false_positives(logits[number], target[:, rows], valid=valid),
        )
        for ours, theirs in zip(fused, plain, strict=True):
            assert_close(ours[number], theirs)
            slopes = [
                torch.autograd.grad(each, logits[number], retain_graph=True)
                for each in (3 * ours[number], 3 * theirs)
            ]
            assert_close(*slopes)


def test_fused_regularisation_equals_the_plain_one():
    logits = (3 * torch.randn(4, 6, dtype=torch.float64, generator=GENERATOR)).requires_grad_()
    mean = torch.rand(6, generator=GENERATOR)
    ours = mean_regularisation(logits, mean)
    plain = mean_regularisation(logits, mean, valid=torch.ones(4, dtype=torch.bool))
    assert_close(ours, plain)
    assert_close(*(torch.autograd.grad(5 * each, logits) for each in (ours, plain)))


@pytest.mark.parametrize("valid", [None, [True, False, True]])
def test_fused_smoothness_equals_the_plain_one(valid, propagation):
    logits = (3 * torch.randn(3, 778, dtype=torch.float64, generator=GENERATOR)).requires_grad_()
    known = None if valid is None else torch.tensor(valid)
    ours, plain = (
        smoothness(logits, matrix, valid=known)
        for matrix in (Propagation(propagation), propagation)
    )
    assert_close(ours, plain)
    slopes = [torch.autograd.grad(5 * each, logits) for each in (ours, plain)]
    assert_close(*slopes)


# Coarse levels, touch and keypoints


@pytest.mark.parametrize("level", LEVELS[1:])
def test_coarse_targets_equal_the_recorded_ones(level):
    recorded = golden("learning/vcb")
    contact = torch.from_numpy(recorded["gt_mesh"]).bool()
    regressor = torch.from_numpy(regressors()[level])
    target, known = coarse_targets(contact, torch.ones_like(contact), regressor)
    assert (target.numpy() == recorded[f"gt_{level}"]).all()
    assert known.all()


def test_coarse_targets_know_what_they_do_not_know():
    regressor = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.5, 0.5]])
    contact = torch.tensor([[True, True, False]])
    valid = torch.tensor([[True, False, True]])
    target, known = coarse_targets(contact, valid, regressor)
    assert target.tolist() == [[True, False, False]]  # the invalid touch of vertex 1 says nothing
    assert known.tolist() == [[True, True, False]]


def test_touch_loss_by_hand():
    contact = torch.tensor([[True, False], [False, False], [False, True]])
    valid = torch.tensor([[True, True], [True, True], [True, False]])
    touch = torch.tensor([0.0, math.log(3), 50.0])
    # The third hand's only touch is not valid, so whether it touches is unknown.
    expected = (math.log(2) + math.log(4)) / 2
    assert touch_loss(touch, contact, valid).item() == pytest.approx(expected)


def test_keypoints_of_unknown_place_are_left_out():
    truth = torch.full((2, 21, 2), float("nan"))
    truth[0, 3] = torch.tensor([0.5, 0.25])
    found = torch.zeros(2, 21, 2, requires_grad=True)
    loss = keypoint_loss(found, truth)
    assert loss.item() == pytest.approx((0.5 + 0.25) / 2)
    loss.backward()
    assert found.grad is not None
    assert found.grad.isfinite().all()
    nothing = keypoint_loss(found, torch.full_like(truth, float("nan")))
    assert nothing.item() == 0
    assert nothing.requires_grad


# The whole


@pytest.fixture(scope="module")
def terms() -> LossTerms:
    assets = golden("learning/assets")
    counts = vertex_counts(unpacked(assets["contact_bits"]))
    names = ("regressor_336", "regressor_84", "regressor_joint")
    return build_loss_terms(
        *counts,
        faces=assets["faces_open"],
        levels=[torch.from_numpy(assets[name]) for name in names],
        epochs=10,
    )


def make_crop(contact: Tensor, valid: Tensor | None = None) -> Crop:
    return Crop(
        image=torch.zeros(len(contact), 3, 4, 4, dtype=torch.uint8),
        contact=contact,
        valid=torch.ones_like(contact) if valid is None else valid,
        keypoints=torch.full((len(contact), 21, 2), float("nan")),
    )


def all_levels(logits: Tensor, terms: LossTerms) -> ContactLogits:
    coarse = [level.regressor for level in terms.levels if level.regressor is not None]
    return ContactLogits(logits, tuple(logits @ each.T for each in coarse), None)


def test_total_equals_the_recorded_one(terms):
    recorded = golden("learning/total")
    crop = make_crop(torch.from_numpy(recorded["gt"]).bool())
    for place, epoch in enumerate(recorded["epochs"]):
        logits = torch.from_numpy(recorded["logits"]).requires_grad_()
        total, parts = contact_loss(all_levels(logits, terms), crop, terms, int(epoch))
        total.backward()
        levels = [
            parts[f"bce_{k}"] + 0.5 * parts[f"false_positives_{k}"] for k in (778, 336, 84, 21)
        ]
        found = [total, *levels, parts["regularisation"], parts["smoothness"]]
        found = [part.item() for part in found]
        # The record holds the last two after their weights (0.1 and 1).
        np.testing.assert_allclose(found, recorded["components"][place], rtol=1e-5)
        assert logits.grad is not None
        assert_near(logits.grad.numpy(), recorded["grad"][place], 2e-5)


def test_a_term_that_weighs_nothing_is_not_there(terms):
    config = LossConfig(levels=(1.0, 0.0, 0.0, 0.0), regularisation=0.0, smoothness=0.0)
    bare = LossTerms(terms.levels, terms.mean, terms.propagation, config)
    logits = torch.randn(2, 778, generator=GENERATOR)
    total, parts = contact_loss(
        all_levels(logits, terms), make_crop(torch.rand(2, 778, generator=GENERATOR) < 0.1), bare, 0
    )
    assert set(parts) == {"bce_778", "false_positives_778"}
    assert_close(total, parts["bce_778"] + 0.5 * parts["false_positives_778"])


def test_touch_and_keypoints_join_the_total_where_the_network_has_them(terms):
    contact = torch.rand(2, 778, generator=GENERATOR) < 0.1
    plain = all_levels(torch.randn(2, 778, generator=GENERATOR), terms)
    crop = make_crop(contact)
    crop.keypoints[:] = 0.5
    both = plain._replace(touch=torch.zeros(2), keypoints=torch.zeros(2, 21, 2))
    without, _ = contact_loss(plain, crop, terms, 0)
    total, parts = contact_loss(both, crop, terms, 0)
    assert parts["touch"].item() == pytest.approx(math.log(2))
    assert parts["keypoints"].item() == pytest.approx(0.5)
    assert_close(total - without, 0.1 * parts["touch"] + 0.5 * parts["keypoints"])


def test_an_unlabelled_batch_is_zero_with_a_gradient(terms):
    contact = torch.rand(2, 778, generator=GENERATOR) < 0.1
    logits = torch.randn(2, 778, requires_grad=True, generator=GENERATOR)
    crop = make_crop(contact, torch.zeros_like(contact))
    total, _ = contact_loss(all_levels(logits, terms), crop, terms, 3)
    total.backward()
    assert total.item() == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()


def test_labels_known_throughout_need_no_mask(terms):
    logits, contact = (
        torch.randn(3, 778, generator=GENERATOR),
        torch.rand(3, 778, generator=GENERATOR) < 0.1,
    )
    contact[0] = False
    fields = all_levels(logits, terms)._replace(touch=torch.randn(3, generator=GENERATOR))
    quick, _ = contact_loss(fields, make_crop(contact), terms, 3)
    valid = torch.ones(4, 778, dtype=torch.bool)
    valid[3] = False  # one more sample, which says nothing, and so a mask
    more = all_levels(torch.cat([logits, logits[:1]]), terms)
    more = more._replace(touch=torch.cat([fields.touch, fields.touch[:1]]))
    crop = make_crop(torch.cat([contact, contact[:1]]), valid)
    assert_close(quick, contact_loss(more, crop, terms, 3)[0])


def test_an_unlabelled_sample_changes_nothing(terms):
    logits, contact = (
        torch.randn(3, 778, generator=GENERATOR),
        torch.rand(3, 778, generator=GENERATOR) < 0.1,
    )
    valid = torch.tensor([True, True, False])[:, None].expand(3, 778)
    mixed, _ = contact_loss(all_levels(logits, terms), make_crop(contact, valid), terms, 3)
    alone, _ = contact_loss(all_levels(logits[:2], terms), make_crop(contact[:2]), terms, 3)
    assert_close(mixed, alone)


def test_half_precision_logits_are_summed_in_float32(terms):
    contact = torch.rand(2, 778, generator=GENERATOR) < 0.1
    logits = all_levels(torch.randn(2, 778, generator=GENERATOR), terms)
    halved = ContactLogits(
        logits.vertices.bfloat16(), tuple(each.bfloat16() for each in logits.coarse), None
    )
    total, _ = contact_loss(halved, make_crop(contact), terms, 0)
    widened = ContactLogits(
        halved.vertices.float(), tuple(each.float() for each in halved.coarse), None
    )
    assert total.dtype is torch.float32
    assert_close(total, contact_loss(widened, make_crop(contact), terms, 0)[0])


def test_learned_level_weights_settle_at_the_inverse_of_each_level_loss(terms):
    config = LossConfig(
        learned_levels=True, false_positives=0.0, regularisation=0.0, smoothness=0.0
    )
    learned = LossTerms(terms.levels, terms.mean, terms.propagation, config)
    assert learned.log_variance is not None
    logits, crop = (
        all_levels(torch.randn(2, 778, generator=GENERATOR), terms),
        make_crop(torch.rand(2, 778, generator=GENERATOR) < 0.1),
    )
    _, parts = contact_loss(logits, crop, learned, 0)
    with torch.no_grad():
        learned.log_variance.copy_(
            torch.stack([parts[f"bce_{k}"] for k in (778, 336, 84, 21)]).log()
        )
    total, _ = contact_loss(logits, crop, learned, 0)
    total.backward()
    assert learned.log_variance.grad is not None
    assert_close(learned.log_variance.grad, torch.zeros(4), atol=1e-6, rtol=0)


def test_a_level_that_is_left_out_learns_no_weight(terms):
    config = LossConfig(learned_levels=True, levels=(1.0, 0.0, 1.0, 0.0), smoothness=0.0)
    learned = LossTerms(terms.levels, terms.mean, terms.propagation, config)
    logits = all_levels(torch.randn(2, 778, generator=GENERATOR), terms)
    crop = make_crop(torch.rand(2, 778, generator=GENERATOR) < 0.1)
    total, found = contact_loss(logits, crop, learned, 0)
    total.backward()
    assert "bce_336" not in found
    assert learned.log_variance is not None
    assert learned.log_variance.grad is not None
    assert (learned.log_variance.grad != 0).tolist() == [True, False, True, False]


@pytest.mark.parametrize("rival", RIVALS)
def test_any_rival_can_stand_in_at_every_level(rival, terms):
    assets = golden("learning/assets")
    contact = unpacked(assets["contact_bits"])
    contact[:, :5] = False  # vertices that never touch
    regressors = [level.regressor for level in terms.levels if level.regressor is not None]
    built = build_loss_terms(
        *vertex_counts(contact),
        faces=assets["faces_open"],
        levels=[each.abs() for each in regressors],
        epochs=2,
        config=LossConfig(name=rival, false_positives=0.0, regularisation=0.0, smoothness=0.0),
    )
    logits = torch.randn(2, 778, requires_grad=True, generator=GENERATOR)
    crop = make_crop(torch.from_numpy(contact[:2]))
    total, parts = contact_loss(all_levels(logits, built), crop, built, 0)
    total.backward()
    assert set(parts) == {f"rival_{size}" for size in (778, 336, 84, 21)}
    assert_close(total.detach(), torch.stack([*parts.values()]).sum())
    alone = make_rival(rival, 778)(logits, crop.contact, counts=built.levels[0].counts)
    assert_close(parts["rival_778"], alone.detach())
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_a_rivals_memory_is_kept_with_the_terms(terms):
    level = LevelTerms(terms.levels[0].table, rival=make_rival("equalization_v2", 778))
    config = LossConfig(levels=(1.0,))
    single = LossTerms([level], terms.mean, terms.propagation, config)
    assert any("positive" in name for name in single.state_dict())


def test_negative_weights_and_missing_levels_are_refused(terms):
    with pytest.raises(ValueError, match="less than 0"):
        LossConfig(smoothness=-1.0)
    with pytest.raises(ValueError, match="4 levels cannot have 2 weights"):
        LossTerms(terms.levels, terms.mean, terms.propagation, LossConfig(levels=(1.0, 1.0)))
