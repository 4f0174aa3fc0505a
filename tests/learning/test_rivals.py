"""Each rival loss against a naive loop, written from the formula in docs/losses.md."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from haco.learning.rivals import RIVALS, Rival, make_rival

COUNTS = torch.tensor([[900.0, 100.0], [600.0, 400.0], [300.0, 700.0], [9990.0, 10.0]])


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def cross_entropy(z: float, y: int) -> float:
    return -math.log(sigmoid(z) if y else 1 - sigmoid(z))


def right(z: float, y: int) -> float:
    """The probability given to the right answer."""
    return sigmoid(z) if y else 1 - sigmoid(z)


def effective_weight(n0: float, n1: float, y: int, beta: float) -> float:
    weights = [(1 - beta) / (1 - beta**n) for n in (n0, n1)]
    return 2 * weights[y] / sum(weights)


def asymmetric(z, y, n0, n1):
    p = sigmoid(z)
    if y:
        return -math.log(p)
    shifted = max(p - 0.05, 0)
    return shifted**4 * -math.log(1 - shifted)


def vector_scaling(z, y, n0, n1):
    slope = ((n1 if y else n0) / max(n0, n1)) ** 0.15
    shift = 1.25 * math.log(n1 / n0)
    return math.log(1 + math.exp(-slope * z - shift if y else slope * z + shift))


def ldam(z, y, n0, n1):
    largest = max(n**-0.25 for pair in COUNTS.tolist() for n in pair)
    margin = 0.5 * (n1 if y else n0) ** -0.25 / largest
    return cross_entropy(z - margin if y else z + margin, y)


def seesaw(z, y, n0, n1):
    own, other = (n1, n0) if y else (n0, n1)
    mitigation = (other / own) ** 0.8 if own > other else 1
    odds_of_other = (1 - right(z, y)) / right(z, y)
    compensation = odds_of_other**2 if odds_of_other > 1 else 1
    return math.log(1 + mitigation * compensation * odds_of_other)


POINTWISE = {
    "bce": lambda z, y, n0, n1: cross_entropy(z, y),
    "weighted_bce": lambda z, y, n0, n1: (n0 / n1 if y else 1) * cross_entropy(z, y),
    "focal": lambda z, y, n0, n1: (
        (0.25 if y else 0.75) * (1 - right(z, y)) ** 2 * cross_entropy(z, y)
    ),
    "class_balanced": lambda z, y, n0, n1: (
        effective_weight(n0, n1, y, 0.9999) * cross_entropy(z, y)
    ),
    "asymmetric": asymmetric,
    "ldam": ldam,
    "balanced_softmax": lambda z, y, n0, n1: cross_entropy(z + math.log(n1 / n0), y),
    "logit_adjustment": lambda z, y, n0, n1: cross_entropy(z + math.log(n1 / n0), y),
    "vector_scaling": vector_scaling,
    "seesaw": seesaw,
    "poly1": lambda z, y, n0, n1: cross_entropy(z, y) + 1 - right(z, y),
}


@pytest.fixture
def batch(rng) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, truth and what is valid; the last sample touches nothing."""
    logits = torch.from_numpy(rng.normal(-0.5, 2, size=(6, 4)))
    target = torch.from_numpy(rng.random((6, 4)) < 0.4)
    target[-1] = False
    valid = torch.from_numpy(rng.random((6, 4)) < 0.7)
    return logits, target, valid


def make(name: str, **options) -> Rival:
    return make_rival(name, 4, **options)


def naive_mean(entry, logits: Tensor, target: Tensor, valid: Tensor) -> float:
    found = [
        entry(logits[i, k].item(), int(target[i, k]), *COUNTS[k].tolist())
        for i, k in valid.nonzero().tolist()
    ]
    return sum(found) / len(found)


# One entry by itself


@pytest.mark.parametrize("name", POINTWISE)
def test_pointwise_loss_is_the_mean_of_its_formula(name, batch):
    logits, target, valid = batch
    for mask in (valid, torch.ones_like(valid)):
        found = make(name)(logits, target, counts=COUNTS, valid=mask)
        assert found.item() == pytest.approx(naive_mean(POINTWISE[name], logits, target, mask))


def test_worked_by_hand():
    def entry(name: str, z: float, y: float, **options) -> float:
        counts = torch.tensor([[80.0, 20.0]])
        loss = make_rival(name, 1, **options)
        return loss(torch.tensor([[z]]), torch.tensor([[y]]), counts=counts).item()

    third = math.log(3)  # p = 3/4
    assert entry("bce", third, 1) == pytest.approx(math.log(4 / 3), rel=1e-5)
    assert entry("weighted_bce", third, 1) == pytest.approx(4 * math.log(4 / 3), rel=1e-5)
    assert entry("weighted_bce", third, 1, cap=3.0) == pytest.approx(3 * math.log(4 / 3), rel=1e-5)
    assert entry("focal", third, 0) == pytest.approx(0.75 * 0.75**2 * math.log(4), rel=1e-5)
    assert entry("asymmetric", third, 0) == pytest.approx(0.7**4 * -math.log(0.3), rel=1e-5)
    assert entry("asymmetric", -third, 0, margin=0.3, gamma_negative=0.0) == 0  # p is 1/4
    assert entry("balanced_softmax", math.log(4), 1) == pytest.approx(math.log(2), rel=1e-5)
    assert entry("logit_adjustment", third, 0, tau=0.0) == pytest.approx(math.log(4), rel=1e-5)
    assert entry("poly1", third, 0, epsilon=2.0) == pytest.approx(math.log(4) + 1.5, rel=1e-5)
    # Margins 80^-1/4 to 20^-1/4, of which the larger becomes 1/2, the smaller 1/2 (1/4)^(1/4).
    assert entry("ldam", 0.5, 1) == pytest.approx(math.log(2), rel=1e-5)
    assert entry("ldam", -(0.5**1.5), 0) == pytest.approx(math.log(2), rel=1e-5)
    # The negative outweighs the positive four times: (20/80)^0.8 x 3^2 x 3.
    assert entry("seesaw", third, 0) == pytest.approx(math.log(1 + 0.25**0.8 * 27), rel=1e-5)
    # beta = 1/2: (1/2) / (1 - 2^-n) is 1/2 but for one part in a million.
    assert entry("class_balanced", third, 0, beta=0.5) == pytest.approx(math.log(4), rel=1e-5)


def test_settings_that_switch_a_loss_off_leave_cross_entropy(batch):
    logits, target, valid = batch
    plain = make("bce")(logits, target, valid=valid)
    for name, options in {
        "focal": {"alpha": 0.5, "gamma": 0.0},
        "asymmetric": {"gamma_negative": 0.0, "margin": 0.0},
        "ldam": {"max_margin": 0.0},
        "logit_adjustment": {"tau": 0.0},
        "vector_scaling": {"gamma": 0.0, "tau": 0.0},
        "equalization": {"frequency": 0.0},
        "seesaw": {"p": 0.0, "q": 0.0},
        "poly1": {"epsilon": 0.0},
        "class_balanced": {"beta": 0.0},
        "weighted_bce": {"cap": 0.0},
    }.items():
        found = make(name, **options)(logits, target, counts=COUNTS, valid=valid)
        if name == "focal":
            found = 2 * found
        if name == "weighted_bce":  # positives weigh nothing
            negatives = torch.nn.functional.softplus(logits)[~target & valid].sum() / valid.sum()
            assert_close(found, negatives)
            continue
        assert_close(found, plain)


def test_class_balanced_focal_and_deferred_weights(batch):
    logits, target, valid = batch
    found = make("class_balanced", gamma=2.0)(logits, target, counts=COUNTS, valid=valid)

    def focal_entry(z, y, n0, n1):
        weight = effective_weight(n0, n1, y, 0.9999)
        return weight * (1 - right(z, y)) ** 2 * cross_entropy(z, y)

    assert found.item() == pytest.approx(naive_mean(focal_entry, logits, target, valid))
    found = make("ldam", beta=0.9999)(logits, target, counts=COUNTS, valid=valid)

    def deferred(z, y, n0, n1):
        return effective_weight(n0, n1, y, 0.9999) * ldam(z, y, n0, n1)

    assert found.item() == pytest.approx(naive_mean(deferred, logits, target, valid))


# Entries that look at their sample


def test_equalization_spares_rare_positions_on_touching_samples(batch):
    logits, target, valid = batch
    valid[[0, 1, -1]] = True
    target[1], valid[1, 0] = torch.tensor([True, False, False, False]), False  # is it touching?
    found = make("equalization")(logits, target, counts=COUNTS, valid=valid)
    total = 0.0
    for i, k in valid.nonzero().tolist():
        touches = any(target[i, j] and valid[i, j] for j in range(4))
        rare = COUNTS[k, 1] < 1.76e-3 * COUNTS[k].sum()
        if not (touches and rare and not target[i, k]):
            total += cross_entropy(logits[i, k].item(), int(target[i, k]))
    assert found.item() == pytest.approx(total / valid.sum().item())
    plain = make("bce")(logits, target, valid=valid)
    assert found < plain


def test_distribution_balanced_is_the_mean_of_its_formula(batch):
    logits, target, valid = batch
    found = make("distribution_balanced")(logits, target, counts=COUNTS, valid=valid)
    total = 0.0
    for i, k in valid.nonzero().tolist():
        (n0, n1), y, z = COUNTS[k].tolist(), int(target[i, k]), logits[i, k].item()
        drawn = sum(1 / COUNTS[j, 1].item() for j in range(4) if target[i, j] and valid[i, j])
        weight = 0.1 + (sigmoid(10 * (1 / n1 / drawn - 0.3)) if drawn else 1)
        z = z + 0.05 * math.log(n1 / n0)
        total += weight * (cross_entropy(z, 1) if y else cross_entropy(5 * z, 0) / 5)
    assert found.item() == pytest.approx(total / valid.sum().item())


# Regions


def region_scores(logits: Tensor, target: Tensor, valid: Tensor):
    for row in range(len(logits)):
        known = valid[row]
        if known.any():
            p = torch.sigmoid(logits[row][known]).tolist()
            yield p, target[row][known].tolist()


def test_region_losses_are_means_over_samples(batch):
    logits, target, valid = batch
    valid[2] = False  # a sample without labels does not count
    dice, squared, tversky, focal = [], [], [], []
    for p, y in region_scores(logits, target, valid):
        hits = sum(a for a, b in zip(p, y, strict=True) if b)
        dice.append(1 - (2 * hits + 1) / (sum(p) + sum(y) + 1))
        squared.append(1 - (2 * hits + 1) / (sum(a * a for a in p) + sum(y) + 1))
        false = 0.3 * (sum(p) - hits) + 0.7 * (sum(y) - hits)
        tversky.append(1 - (hits + 1) / (hits + 1 + false))
        focal.append(tversky[-1] ** 0.75)
    for name, expected, options in (
        ("dice", dice, {}),
        ("dice", squared, {"is_squared": True}),
        ("tversky", tversky, {}),
        ("focal_tversky", focal, {}),
    ):
        found = make(name, **options)(logits, target, valid=valid)
        assert found.item() == pytest.approx(np.mean(expected)), name


def test_lovasz_hinge_at_certain_answers_is_the_jaccard_loss():
    # Margins of one: each wrong entry has error 2, each right one 0.
    target = torch.tensor([[1, 1, 1, 0, 0, 0.0]])
    answer = torch.tensor([[1, 1, 0, 1, 0, 0.0]])
    found = make_rival("lovasz_hinge", 6)(2 * answer - 1, target)
    jaccard = 2 / 4
    assert found.item() == pytest.approx(2 * (1 - jaccard))


def test_lovasz_hinge_is_the_sum_over_growing_sets_of_errors(batch):
    logits, target, valid = batch
    found = make("lovasz_hinge")(logits, target, valid=valid)
    expected = []
    for row in range(len(logits)):
        kept = [k for k in range(4) if valid[row, k]]
        if not kept:
            continue
        truth = {k for k in kept if target[row, k]}
        errors = {k: 1 - (1 if k in truth else -1) * logits[row, k].item() for k in kept}
        total, loss_before, wrong = 0.0, 0.0, set()
        for k in sorted(kept, key=lambda k: -errors[k]):
            wrong.add(k)
            answered = truth ^ wrong
            union = truth | answered
            loss = 1 - len(truth & answered) / len(union) if union else 0.0
            total += max(errors[k], 0) * (loss - loss_before)
            loss_before = loss
        expected.append(total)
    assert found.item() == pytest.approx(np.mean(expected))


# Losses with a memory


def test_ghm_weighs_by_how_many_gradients_are_alike(batch):
    logits, target, valid = batch
    found = make("ghm")(logits, target, valid=valid)
    places = {}
    for i, k in valid.nonzero().tolist():
        gradient = 1 - right(logits[i, k].item(), int(target[i, k]))
        places[i, k] = int(gradient * 10)
    counts = [list(places.values()).count(place) for place in range(10)]
    occupied = sum(count > 0 for count in counts)
    total = sum(
        cross_entropy(logits[i, k].item(), int(target[i, k])) / (counts[place] * occupied)
        for (i, k), place in places.items()
    )
    assert found.item() == pytest.approx(total)


def test_ghm_with_momentum_blends_its_counts():
    loss = make_rival("ghm", 2, momentum=0.75)
    easy, target = torch.tensor([[-9.0, -9.0]]), torch.zeros(1, 2)
    for expected in (0.5, 0.875):  # 0.25 x 2, then 0.75 x 0.5 + 0.25 x 2
        found = loss(easy, target)
        assert loss.usual[0].item() == pytest.approx(expected)
        assert found.item() == pytest.approx(math.log1p(math.exp(-9)) * 2 / expected, rel=1e-4)


def test_equalization_v2_starts_as_cross_entropy_and_then_follows_its_gradients(batch):
    logits, target, valid = batch
    loss = make("equalization_v2")
    assert_close(loss(logits, target, valid=valid), make("bce")(logits, target, valid=valid))
    positive, negative = np.zeros(4), np.zeros(4)
    for i, k in valid.nonzero().tolist():
        y = int(target[i, k])
        (positive if y else negative)[k] += 1 - right(logits[i, k].item(), y)
    np.testing.assert_allclose(loss.ratio.positive, positive, rtol=1e-5)
    np.testing.assert_allclose(loss.ratio.negative, negative, rtol=1e-5)
    found = loss(logits, target, valid=valid)
    total = 0.0
    for i, k in valid.nonzero().tolist():
        share = sigmoid(12 * (positive[k] / negative[k] - 0.8))
        weight = 1 + 4 * (1 - share) if target[i, k] else share
        total += weight * cross_entropy(logits[i, k].item(), int(target[i, k]))
    assert found.item() == pytest.approx(total / valid.sum().item(), rel=1e-5)


def test_equalized_focal_starts_as_focal_and_then_follows_its_gradients(batch):
    logits, target, valid = batch
    loss = make("equalized_focal")
    assert_close(loss(logits, target, valid=valid), make("focal")(logits, target, valid=valid))
    ratio = (loss.ratio.positive / loss.ratio.negative).clamp(max=1).tolist()
    found = loss(logits, target, valid=valid)
    total = 0.0
    for i, k in valid.nonzero().tolist():
        z, y = logits[i, k].item(), int(target[i, k])
        gamma = 2 + 8 * (1 - ratio[k])
        alpha = 0.25 if y else 0.75
        total += alpha * gamma / 2 * (1 - right(z, y)) ** gamma * cross_entropy(z, y)
    assert found.item() == pytest.approx(total / valid.sum().item(), rel=1e-5)


@pytest.mark.parametrize("name", ["equalization_v2", "equalized_focal", "ghm"])
def test_memory_stands_still_in_evaluation_and_travels_in_checkpoints(name, batch):
    logits, target, _ = batch
    loss = make(name)
    loss(logits, target)
    kept = {key: value.clone() for key, value in loss.state_dict().items()}
    assert any(value.any() for value in kept.values())
    loss.eval()
    loss(logits + 1, target)
    assert all(torch.equal(value, kept[key]) for key, value in loss.state_dict().items())
    other = make(name)
    other.load_state_dict(kept)
    assert_close(other.eval()(logits, target), loss(logits, target))


# What holds for all


@pytest.mark.parametrize("name", RIVALS)
def test_nothing_valid_is_zero_with_a_gradient(name, batch):
    logits, target, _ = batch
    logits.requires_grad_()
    loss = make(name)(logits, target, counts=COUNTS, valid=torch.zeros_like(target))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()


@pytest.mark.parametrize("name", RIVALS)
def test_invalid_entries_change_nothing(name, batch):
    logits, target, valid = batch
    first = make(name)(logits, target, counts=COUNTS, valid=valid)
    lies = logits.where(valid, -3 * logits), target ^ ~valid
    assert_close(make(name)(*lies, counts=COUNTS, valid=valid), first)
    rows = torch.tensor([True, False, True, True, False, True])
    by_sample = make(name)(logits, target, counts=COUNTS, valid=rows)
    assert_close(by_sample, make(name)(logits[rows], target[rows], counts=COUNTS))


@pytest.mark.parametrize("name", RIVALS)
def test_gradient_equals_finite_differences(name, batch):
    logits, target, valid = batch
    loss = make(name)
    if isinstance(loss, torch.nn.Module):
        loss(logits, target, valid=valid)
        loss.eval()
    options = {"q": 0.0} if name == "seesaw" else {}  # its compensation is held still on purpose
    loss = make(name, **options) if options else loss
    assert torch.autograd.gradcheck(
        lambda z: loss(z, target, counts=COUNTS, valid=valid), logits.requires_grad_()
    )


@pytest.mark.parametrize("name", RIVALS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_saturated_logits_give_finite_loss_and_gradient(name, sign):
    logits = torch.full((2, 4), sign * 200.0, requires_grad=True)
    target = torch.tensor([[True, True, False, False], [False] * 4])
    loss = make(name)(logits, target, counts=COUNTS)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("name", RIVALS)
def test_better_answers_lose_less(name, batch):
    _, target, _ = batch
    sure = 8 * target.double() - 4
    good = make(name)(sure, target, counts=COUNTS)
    bad = make(name)(-sure, target, counts=COUNTS)
    assert good < bad


@pytest.mark.parametrize("name", RIVALS)
def test_one_pair_of_counts_serves_all_positions(name, batch):
    logits, target, _ = batch
    single = make(name)(logits, target, counts=COUNTS[:1])
    assert_close(single, make(name)(logits, target, counts=COUNTS[:1].expand(4, 2)))


def test_a_loss_without_the_counts_it_needs_and_an_unknown_one_are_refused(batch):
    logits, target, _ = batch
    with pytest.raises(ValueError, match="needs `counts`"):
        make("ldam")(logits, target)
    with pytest.raises(ValueError, match="no loss is called 'crossentropy'"):
        make("crossentropy")
