"""Rival losses that judge each entry by itself; see `haco.learning.rivals`.

All take logits (batch, positions), a target of 0 and 1 (or bool), and where they need it `counts`:
for each position, or one for all, the numbers of negatives and positives in the training set, each
above 0. z is a logit, p its sigmoid, n_1 and n_0 are counts.
"""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn.functional import softplus

from haco.learning.balance import class_weights
from haco.learning.masked import Valid, known_entries, mean_over, wrongness

Logits = Float[Tensor, "batch positions"]
Target = Shaped[Tensor, "batch positions"]
Counts = Shaped[Tensor, "#positions 2"] | None
Scalar = Float[Tensor, ""]


def bce(logits: Logits, target: Target, *, counts: Counts = None, valid: Valid = None) -> Scalar:
    """Cross-entropy, every entry alike."""
    return mean_over(softplus(wrongness(logits, target)), valid)


def weighted_bce(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    cap: float | None = None,
) -> Scalar:
    """Cross-entropy, positives weighted by n_0 / n_1, at most by `cap`."""
    negatives, positives = pair(counts, logits)
    weight = negatives / positives
    weight = weight if cap is None else weight.clamp(max=cap)
    return mean_over(
        pick(target, weight, torch.ones_like(weight)) * softplus(wrongness(logits, target)), valid
    )


def focal(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    alpha: float = 0.25,
    gamma: float = 2.0,
) -> Scalar:
    """Cross-entropy times the probability of the wrong answer to the power `gamma` (Lin 2017)."""
    wrong = wrongness(logits, target)
    return mean_over(pick(target, alpha, 1 - alpha, wrong) * focused(wrong, gamma), valid)


def class_balanced(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    beta: float = 0.9999,
    gamma: float = 0.0,
) -> Scalar:
    """Focal loss weighted by the effective number of each class (Cui 2019); `gamma` 0: plain."""
    entries = focused(wrongness(logits, target), gamma)
    return mean_over(_effective_weight(target, counts, logits, beta) * entries, valid)


def asymmetric(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    gamma_positive: float = 0.0,
    gamma_negative: float = 4.0,
    margin: float = 0.05,
) -> Scalar:
    """Focal loss that focuses more on negatives, and forgives those below `margin` (ASL 2021)."""
    yes = focused(-logits, gamma_positive)
    # log(1 - p + margin), at most log 1; exact where 1 - p has no digits left.
    shifted = torch.logaddexp(-softplus(logits), logits.new_tensor(margin).log()).clamp(max=0)
    # Where p is below the margin the logarithm is 0, so the floor only keeps the power's slope.
    no = -shifted * (logits.sigmoid() - margin).clamp(min=1e-8) ** gamma_negative
    return mean_over(torch.where(target.bool(), yes, no), valid)


def ldam(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    max_margin: float = 0.5,
    scale: float = 1.0,
    beta: float | None = None,
) -> Scalar:
    """Cross-entropy past a margin that shrinks as n^(-1/4) (Cao 2019).

    The rarest class of all positions has `max_margin`. `beta` adds class-balanced weights; the
    source switches them on late in training.
    """
    margins = needed(counts).to(logits) ** -0.25
    negative, positive = (max_margin * margins / margins.max()).unbind(-1)
    entries = softplus(scale * (wrongness(logits, target) + pick(target, positive, negative)))
    if beta is not None:
        entries = _effective_weight(target, counts, logits, beta) * entries
    return mean_over(entries, valid)


def balanced_softmax(
    logits: Logits, target: Target, *, counts: Counts = None, valid: Valid = None
) -> Scalar:
    """Cross-entropy of z + log(n_1 / n_0) (Ren 2020); use the bare z to predict."""
    return logit_adjustment(logits, target, counts=counts, valid=valid, tau=1.0)


def logit_adjustment(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    tau: float = 1.0,
) -> Scalar:
    """Cross-entropy of z + tau log(n_1 / n_0) (Menon 2021); use the bare z to predict."""
    negatives, positives = pair(counts, logits)
    return bce(logits + tau * (positives / negatives).log(), target, valid=valid)


def vector_scaling(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    gamma: float = 0.15,
    tau: float = 1.25,
) -> Scalar:
    """Cross-entropy with a slope and a shift for each class (VS loss, Kini 2021).

    The slope of a class is (n / larger n)^gamma, the shift as in `logit_adjustment`.
    """
    negatives, positives = pair(counts, logits)
    larger = torch.maximum(negatives, positives)
    slope = pick(target, (positives / larger) ** gamma, (negatives / larger) ** gamma)
    shift = tau * (positives / negatives).log()
    return mean_over(
        softplus(slope * wrongness(logits, target) + pick(target, -shift, shift)), valid
    )


def equalization(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    frequency: float = 1.76e-3,
) -> Scalar:
    """Cross-entropy that spares rare positions on touching samples (EQL v1, Tan 2020).

    There, a negative at a position that touches in less than `frequency` of the set is dropped.
    """
    negatives, positives = pair(counts, logits)
    rare = positives < frequency * (negatives + positives)
    touches = (target.bool() & known_entries(logits, valid)).any(dim=1, keepdim=True)
    dropped = touches & rare & ~target.bool()
    entries = softplus(wrongness(logits, target))
    return mean_over(entries * (~dropped).to(entries.dtype), valid)


def seesaw(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    p: float = 0.8,
    q: float = 2.0,
) -> Scalar:
    """Two-class softmax whose wrong class is pushed down less the rarer it is (Wang 2021).

    It is pushed more where it is the likelier one.
    """
    negatives, positives = pair(counts, logits)
    wrong = wrongness(logits, target)
    odds = (positives / negatives).log()  # of the other class, if this one is the negative
    mitigation = p * pick(target, -odds, odds).clamp(max=0)
    compensation = q * wrong.detach().clamp(min=0)
    return mean_over(softplus(wrong + mitigation + compensation), valid)


def distribution_balanced(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    alpha: float = 0.1,
    beta: float = 10.0,
    mu: float = 0.3,
    scale: float = 5.0,
    bias: float = 0.05,
) -> Scalar:
    """Multi-label loss that weighs out co-occurrence and forgives negatives (Wu 2020).

    A position's weight compares how often it would be drawn by itself with how often its sample
    is drawn on account of any of its positives.
    """
    negatives, positives = pair(counts, logits)
    share = 1 / positives
    touching = (target.bool() & known_entries(logits, valid)).to(share.dtype)
    drawn = (touching * share).sum(dim=1, keepdim=True)
    # A sample without positives is never drawn on their account: the ratio has no bound.
    ratio = torch.where(drawn > 0, share / drawn, torch.inf)
    weight = alpha + (beta * (ratio - mu)).sigmoid()
    shifted = logits + bias * (positives / negatives).log()
    entries = pick(target, softplus(-shifted), softplus(scale * shifted) / scale)
    return mean_over(weight * entries, valid)


def poly1(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    epsilon: float = 1.0,
) -> Scalar:
    """Cross-entropy plus `epsilon` times the probability of the wrong answer (Leng 2022)."""
    wrong = wrongness(logits, target)
    return mean_over(softplus(wrong) + epsilon * wrong.sigmoid(), valid)


def focused(wrong: Float[Tensor, "*shape"], gamma: float | Tensor) -> Float[Tensor, "*shape"]:
    """Multiply the cross-entropy by the probability of the wrong answer to the power `gamma`."""
    # The power as an exponential: its slope is finite for any gamma.
    return (-gamma * softplus(-wrong)).exp() * softplus(wrong)


def pick(
    target: Target, yes: Tensor | float, no: Tensor | float, like: Tensor | None = None
) -> Tensor:
    """Choose by the truth; `like` gives the dtype where both choices are numbers."""
    if like is not None:
        yes, no = like.new_tensor(yes), like.new_tensor(no)
    return torch.where(target.bool(), yes, no)


def pair(counts: Counts, logits: Logits) -> tuple[Tensor, Tensor]:
    """Part the counts into negatives and positives, in the logits' dtype."""
    negatives, positives = needed(counts).to(logits).unbind(-1)
    return negatives, positives


def needed(counts: Counts) -> Tensor:
    """Refuse to go on without counts."""
    if counts is None:
        raise ValueError("this loss needs `counts`: how many negatives and positives there are")
    return counts


def _effective_weight(target: Target, counts: Counts, logits: Logits, beta: float) -> Tensor:
    """Give each entry the weight of its class; the two weights of a position sum to two."""
    weights = 2 * class_weights(needed(counts), beta=beta).to(logits)
    negative, positive = weights.unbind(-1)
    return pick(target, positive, negative)
