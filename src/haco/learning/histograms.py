"""Scores that need only how many yes and no answers got which probability.

A histogram has one row for the negatives and one for the positives, and `NUM_BINS` equal bins of
probability. Counts are integers, so histograms add across batches and machines in any order, and
a threshold at a multiple of 1 / NUM_BINS cuts them exactly. Probabilities in one bin count as
tied; with 4096 bins this moves an average precision by about a thousandth at most.
"""

import math

import torch
from jaxtyping import Bool, Float, Int64, Shaped
from torch import Tensor

NUM_BINS = 4096
NUM_CALIBRATION_BINS = 16

Histogram = Int64[Tensor, "2 bins"]


def bin_of(probability: Float[Tensor, "*shape"]) -> Int64[Tensor, "*shape"]:
    """Say in which bin each probability lies."""
    return (probability.float() * NUM_BINS).long().clamp(0, NUM_BINS - 1)


def add_to_histogram(
    histogram: Int64[Tensor, "groups 2 bins"],
    group: Int64[Tensor, " answers"],
    truth: Bool[Tensor, " answers"],
    probability: Float[Tensor, " answers"],
) -> None:
    """Count answers into the histogram of their group, in place."""
    place = (group * 2 + truth.long()) * NUM_BINS + bin_of(probability)
    histogram.view(-1).scatter_add_(0, place, torch.ones_like(place))


def probability_histogram(
    truth: Shaped[Tensor, "*shape"], probability: Float[Tensor, "*shape"]
) -> Histogram:
    """Make one histogram of all answers."""
    histogram = torch.zeros(1, 2, NUM_BINS, dtype=torch.int64, device=probability.device)
    truth = truth.bool().flatten()
    add_to_histogram(histogram, torch.zeros_like(truth).long(), truth, probability.flatten())
    return histogram[0]


def average_precision(histogram: Histogram) -> float:
    """Average the precision over recall, as a step function; NaN without positives.

    It is the sum over thresholds, from the highest, of precision x the recall gained there. A
    constant answer scores the share of positives.
    """
    positives, answers = _at_or_above(histogram)
    total = positives[0]
    if total == 0:
        return math.nan
    precision = positives / answers.clamp(min=1)
    return float((precision * histogram[1]).sum() / total)


def auroc(histogram: Histogram) -> float:
    """Give the chance that a positive outranks a negative, ties counting half; NaN without either.

    This is the area under the receiver operating characteristic.
    """
    negatives, positives = histogram.double()
    below = negatives.cumsum(0) - negatives
    pairs = negatives.sum() * positives.sum()
    return float((positives * (below + negatives / 2)).sum() / pairs) if pairs > 0 else math.nan


def expected_calibration_error(histogram: Histogram) -> float:
    """Average how far the share of positives is from the probability, over 16 equal bins.

    Each bin weighs as many answers as it has. A probability is taken to be the middle of its fine
    bin, which is wrong by 1 / 8192 at most.
    """
    middles = (torch.arange(NUM_BINS, device=histogram.device) + 0.5) / NUM_BINS
    answers = histogram.sum(0).double()
    surplus = (histogram[1] - answers * middles).view(NUM_CALIBRATION_BINS, -1).sum(1)
    return float(surplus.abs().sum() / answers.sum()) if answers.sum() > 0 else math.nan


def reliability_curve(histogram: Histogram) -> list[tuple[float, float]]:
    """Give the mean said and the share of positives in each of 16 equal bins that has answers."""
    width = NUM_BINS // NUM_CALIBRATION_BINS
    middles = (torch.arange(NUM_BINS) + 0.5) / NUM_BINS
    answers = histogram.sum(0).double()
    sums = [each.view(-1, width).sum(1) for each in (answers, answers * middles, histogram[1])]
    return [
        (float(said / total), float(true / total))
        for total, said, true in zip(*sums, strict=True)
        if total > 0
    ]


def precision_recall_f1(
    histogram: Histogram,
) -> tuple[Float[Tensor, " bins"], Float[Tensor, " bins"], Float[Tensor, " bins"]]:
    """Give the three scores at every threshold k / NUM_BINS; 0 where a score is undefined."""
    positives, answers = _at_or_above(histogram)
    precision = positives / answers.clamp(min=1)
    recall = positives / positives[0].clamp(min=1)
    f1 = 2 * positives / (answers + positives[0]).clamp(min=1)
    return precision, recall, f1


def best_f1_threshold(histogram: Histogram) -> float:
    """Find the threshold of the highest F1 over all answers; the lowest of several such."""
    f1 = precision_recall_f1(histogram)[2]
    return int((f1 == f1.max()).nonzero()[0]) / NUM_BINS


def precision_threshold(histogram: Histogram, precision: float) -> float:
    """Find the lowest threshold, so that of the most recall, with at least a given precision.

    Raises:
        ValueError: No threshold has that precision.
    """
    found, recall, _ = precision_recall_f1(histogram)
    good = (found >= precision) & (recall > 0)
    if not good.any():
        raise ValueError(
            f"no threshold reaches precision {precision}; the best is {found.max():.3f}"
        )
    return int(good.nonzero()[0]) / NUM_BINS


def _at_or_above(
    histogram: Histogram,
) -> tuple[Float[Tensor, " bins"], Float[Tensor, " bins"]]:
    """Count the positives, and all answers, from each bin upwards."""
    reverse = histogram.flip(1).cumsum(1).flip(1).double()
    return reverse[1], reverse.sum(0)
