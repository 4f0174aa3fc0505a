"""Rival losses that judge the whole region of contact of a sample; see `haco.learning.rivals`.

Each gives one value a sample; their mean is over samples with any valid entry.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from haco.learning.masked import Valid, known_entries, mean_over, wrongness
from haco.learning.rivals_pointwise import Counts, Logits, Scalar, Target


def dice(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    smooth: float = 1.0,
    is_squared: bool = False,
) -> Scalar:
    """One minus the soft overlap 2 |P Y| / (|P| + |Y|) (Milletari 2016).

    `is_squared` sums squares of probabilities below, as the source does.
    """
    probability, truth, known = _regions(logits, target, valid)
    size = probability.square() if is_squared else probability
    overlap = (probability * truth).sum(1)
    score = (2 * overlap + smooth) / (size.sum(1) + truth.sum(1) + smooth)
    return mean_over(1 - score, known.any(dim=1))


def tversky(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    false_positive: float = 0.3,
    false_negative: float = 0.7,
    smooth: float = 1.0,
) -> Scalar:
    """One minus the soft overlap with weights on both kinds of error (Salehi 2017)."""
    probability, truth, known = _regions(logits, target, valid)
    score = _tversky_index(probability, truth, false_positive, false_negative, smooth)
    return mean_over(1 - score, known.any(dim=1))


def focal_tversky(
    logits: Logits,
    target: Target,
    *,
    counts: Counts = None,
    valid: Valid = None,
    false_positive: float = 0.3,
    false_negative: float = 0.7,
    smooth: float = 1.0,
    gamma: float = 4 / 3,
) -> Scalar:
    """The Tversky loss of each sample to the power 1 / `gamma` (Abraham 2019)."""
    probability, truth, known = _regions(logits, target, valid)
    score = _tversky_index(probability, truth, false_positive, false_negative, smooth)
    # The power's slope has no bound at 0.
    return mean_over((1 - score).clamp(min=1e-6) ** (1 / gamma), known.any(dim=1))


def lovasz_hinge(
    logits: Logits, target: Target, *, counts: Counts = None, valid: Valid = None
) -> Scalar:
    """Extend the Jaccard loss to hinge errors, piecewise linearly (Berman 2018)."""
    known = known_entries(logits, valid)
    errors = (1 + wrongness(logits, target)).masked_fill(~known, -torch.inf)
    errors, order = errors.sort(dim=1, descending=True)
    truth = (target.bool() & known).to(logits.dtype).gather(1, order)
    missed = truth.cumsum(1)
    total = missed[:, -1:]
    added = (1 - truth).cumsum(1)
    jaccard = 1 - (total - missed) / (total + added)
    steps = jaccard.diff(dim=1, prepend=jaccard.new_zeros(len(jaccard), 1))
    return mean_over((errors.relu() * steps).sum(1), known.any(dim=1))


def _regions(
    logits: Logits, target: Target, valid: Valid
) -> tuple[Logits, Float[Tensor, "batch positions"], Bool[Tensor, "batch positions"]]:
    """Give probabilities and truth, 0 where not valid, and what is valid."""
    known = known_entries(logits, valid)
    nothing = logits.new_zeros(())
    truth = target.bool().to(logits.dtype).where(known, nothing)
    return logits.sigmoid().where(known, nothing), truth, known


def _tversky_index(
    probability: Float[Tensor, "batch positions"],
    truth: Float[Tensor, "batch positions"],
    false_positive: float,
    false_negative: float,
    smooth: float,
) -> Float[Tensor, " batch"]:
    hits = (probability * truth).sum(1)
    wrong = false_positive * (probability * (1 - truth)).sum(1)
    wrong = wrong + false_negative * ((1 - probability) * truth).sum(1)
    return (hits + smooth) / (hits + wrong + smooth)
