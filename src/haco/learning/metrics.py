"""Scores of dense contact: per sample as in the paper, and what the paper's scores hide.

`ContactMetrics` keeps integer counts only, so neither the batch size nor the number of machines
changes a score.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64, Shaped
from torch import Tensor

from haco.learning.histograms import (
    NUM_BINS,
    add_to_histogram,
    auroc,
    average_precision,
    best_f1_threshold,
    expected_calibration_error,
    precision_recall_f1,
)
from haco.learning.scores import ContactScores, GroupScores

Undefined = Literal["zero", "skip", "touching"]
"""What a mean over samples does where a score is undefined.

`zero`, as in the paper's tables, counts it as 0, so each hand that touches nothing lowers the mean.
`skip` leaves it out of its own column. `touching` leaves out the hands that touch nothing, and
counts the rest as 0: a hand whose contact was wholly missed scores 0, not nothing.
"""
THRESHOLDS = tuple(step / 100 for step in range(1, 100))
_ONE = 2**40  # a score of 1 in fixed point: sums of integers do not depend on their order

Array = np.ndarray | Tensor


def per_sample_scores(
    target: Shaped[Array, "samples vertices"],
    probability: Shaped[Array, "samples vertices"],
    threshold: float,
    *,
    valid: Shaped[Array, "samples vertices"] | None = None,
) -> Float[Array, "samples 3"]:
    """Give each sample's precision, recall and F1; a vertex at the threshold counts as contact.

    Args:
        target: 0 or 1 (or bool), numpy or torch.
        probability: Of contact.
        threshold: The cut.
        valid: Where the truth speaks; None means everywhere.

    Returns:
        Float64 of the kind of `target`, NaN where undefined: precision where nothing is predicted,
        recall where nothing touches, F1 where either is undefined or both are 0.
    """
    truth = torch.as_tensor(target)
    truth = truth if truth.dtype == torch.bool else truth != 0
    said = torch.as_tensor(probability)
    predicted = said >= torch.tensor(threshold, dtype=said.dtype)
    if valid is not None:
        known = torch.as_tensor(valid).bool()
        predicted, truth = predicted & known, truth & known
    # Bytes add up three times faster than bools.
    hits, predictions, touching = (
        each.view(torch.uint8).sum(1, dtype=torch.int32).double()
        for each in (predicted & truth, predicted, truth)
    )
    precision, recall = hits / predictions, hits / touching  # 0 / 0 is NaN
    f1 = 2 * precision * recall / (precision + recall)
    scores = torch.stack([precision, recall, f1], dim=1)
    return scores.numpy() if isinstance(target, np.ndarray) else scores


def macro(
    scores: Float[Tensor | np.ndarray, "samples 3"], undefined: Undefined = "zero"
) -> Float[np.ndarray, "3"]:
    """Average `per_sample_scores` over samples; NaN where nothing is left to average."""
    columns = np.asarray(scores, np.float64)
    if undefined == "touching":
        columns = columns[~np.isnan(columns[:, 1])]
    defined = ~np.isnan(columns)
    count = defined.sum(axis=0) if undefined == "skip" else np.full(3, len(columns))
    total = np.where(defined, columns, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def frequency_groups(
    mean: Float[Tensor | np.ndarray, " vertices"],
) -> dict[str, Bool[np.ndarray, " vertices"]]:
    """Part the vertices into thirds by how often they touch in training: rare, medium, common."""
    rank = np.argsort(np.argsort(np.asarray(mean), kind="stable"), kind="stable")
    third = 3 * rank // len(rank)
    return {name: third == place for place, name in enumerate(("rare", "medium", "common"))}


class ContactMetrics:
    """Counts what a model says of hands, batch by batch.

    `counts` holds all that was counted, int64 tensors that add: across machines, sum them.
    """

    def __init__(
        self,
        num_vertices: int = 778,
        *,
        thresholds: Sequence[float] = THRESHOLDS,
        by_vertex: bool = True,
    ):
        """Start from nothing.

        Args:
            num_vertices: Positions a hand.
            thresholds: Where macro and micro scores are counted; 0.5 is added.
            by_vertex: Count each vertex by itself, which takes 65 kB a vertex and is needed for
                groups of vertices.
        """
        self.num_vertices = num_vertices
        self.thresholds = tuple(sorted({0.5, *map(float, thresholds)}))
        num_thresholds = len(self.thresholds)
        shapes = {
            "hands": (3,),  # all, touching, known to touch nothing
            "scores": (num_thresholds, 3),  # sums over hands of P, R, F1 in fixed point
            "defined": (num_thresholds, 3),  # hands for which each is defined
            "answers": (num_thresholds, 2),  # vertices: hits, predicted
            "alarms": (num_thresholds, 2),  # on hands that touch nothing: hands, vertices
            "vertices": (num_vertices if by_vertex else 1, 2, NUM_BINS),
            "touch": (1, 2, NUM_BINS),
        }
        self.counts = {
            name: torch.zeros(shape, dtype=torch.int64) for name, shape in shapes.items()
        }

    def update(
        self,
        contact: Bool[Tensor, "batch vertices"],
        probability: Float[Tensor, "batch vertices"],
        *,
        valid: Bool[Tensor, "batch vertices"] | None = None,
        touch: Float[Tensor, " batch"] | None = None,
    ) -> None:
        """Count a batch.

        Args:
            contact: The truth.
            probability: What the model says.
            valid: Where the truth speaks; None means everywhere. A hand without any is left out.
            touch: Probability that the hand touches anything.
        """
        contact, probability = contact.cpu(), probability.detach().cpu()
        valid = torch.ones_like(contact) if valid is None else valid.cpu()
        counts, contact = self.counts, contact & valid
        touching, some = contact.any(dim=1), valid.any(dim=1)
        untouched = valid.all(dim=1) & ~touching
        counts["hands"] += torch.stack([some.sum(), touching.sum(), untouched.sum()])
        hits, predicted, truth = _counts_at(contact, probability, valid, self.thresholds)
        self._count_scores(hits.double(), predicted.double(), truth.double()[:, None])
        counts["answers"] += torch.stack([hits.sum(0), predicted.sum(0)], dim=1)
        alarms = predicted[untouched]
        counts["alarms"] += torch.stack([(alarms > 0).sum(0), alarms.sum(0)], dim=1)
        vertex = torch.arange(contact.shape[1]).clamp(max=len(counts["vertices"]) - 1)
        vertex = vertex.expand_as(contact)
        known = (vertex[valid], contact[valid], probability[valid])
        add_to_histogram(counts["vertices"], *known)
        if touch is not None:
            told = touching | untouched
            truth = touching[told]
            touch = touch.detach().cpu()[told]
            add_to_histogram(counts["touch"], torch.zeros_like(truth).long(), truth, touch)

    def merge(self, other: "ContactMetrics") -> None:
        """Add what another one counted at the same thresholds."""
        if self.thresholds != other.thresholds:
            raise ValueError("counts at different thresholds do not add")
        for name, count in other.counts.items():
            self.counts[name] += count

    def compute(
        self,
        threshold: float = 0.5,
        *,
        touch_threshold: float = 0.5,
        groups: Mapping[str, Shaped[Tensor | np.ndarray, " vertices"]] | None = None,
    ) -> ContactScores:
        """Turn the counts into scores.

        Args:
            threshold: One of `thresholds`.
            touch_threshold: For false alarms of the touch output; rounded up to 1 / 4096.
            groups: Named sets of vertices (bool masks) to score by themselves: parts of the hand,
                `frequency_groups`. Their threshold is rounded up to 1 / 4096.
        """
        place = self._place(threshold)
        whole = self.counts["vertices"].sum(0)
        hits, predicted = self.counts["answers"][place].tolist()
        positives, answers = int(whole[1].sum()), int(whole.sum())
        hands, touching, untouched = self.counts["hands"].tolist()
        f1 = self.counts["scores"][:, 2]
        alarm_hands, alarm_vertices = self.counts["alarms"][place].tolist()
        touch, best = self.counts["touch"][0], best_f1_threshold(whole)
        groups = groups or {}
        return ContactScores(
            num_hands=hands,
            num_touching=touching,
            threshold=threshold,
            macro=self._macro(place),
            best_threshold=self.thresholds[int(f1.argmax())],
            best_f1=_ratio(int(f1.max()), hands * _ONE),
            micro=(
                hits / max(predicted, 1),
                hits / max(positives, 1),
                2 * hits / max(predicted + positives, 1),
            ),
            iou=_ratio(hits, predicted + positives - hits),
            best_micro_threshold=best,
            best_micro_f1=float(precision_recall_f1(whole)[2].max()),
            average_precision=average_precision(whole),
            prevalence=_ratio(positives, answers),
            calibration_error=expected_calibration_error(whole),
            touch_auroc=auroc(touch),
            touch_average_precision=average_precision(touch),
            false_alarm_hands=_ratio(alarm_hands, untouched),
            false_alarm_vertices=_ratio(alarm_vertices, untouched * self.num_vertices),
            false_alarm_touch=_ratio(
                int(touch[0, _first_bin(touch_threshold) :].sum()), int(touch[0].sum())
            ),
            groups={name: self._group(mask, threshold) for name, mask in groups.items()},
        )

    def _place(self, threshold: float) -> int:
        if threshold not in self.thresholds:
            raise ValueError(
                f"threshold {threshold} was not counted; name it when making ContactMetrics"
            )
        return self.thresholds.index(threshold)

    def _count_scores(
        self,
        hits: Float[Tensor, "batch thresholds"],
        predicted: Float[Tensor, "batch thresholds"],
        truth: Float[Tensor, "batch 1"],
    ) -> None:
        truth = truth.expand_as(hits)
        scores = torch.stack([hits / predicted, hits / truth, 2 * hits / (predicted + truth)], -1)
        defined = torch.stack([predicted > 0, truth > 0, hits > 0], -1)
        fixed_point = (scores.where(defined, torch.zeros(())) * _ONE).round().long()
        self.counts["scores"] += fixed_point.sum(0)
        self.counts["defined"] += defined.sum(0)

    def _macro(self, place: int) -> dict[str, tuple[float, float, float]]:
        sums = self.counts["scores"][place].tolist()
        hands, touching, _ = self.counts["hands"].tolist()
        # An undefined score adds 0 to its sum, and so does every score of a hand that touches
        # nothing: the policies differ only in what they divide by.
        divisors = {
            "zero": [hands] * 3,
            "skip": self.counts["defined"][place].tolist(),
            "touching": [touching] * 3,
        }
        return {
            name: (
                _ratio(sums[0], each[0] * _ONE),
                _ratio(sums[1], each[1] * _ONE),
                _ratio(sums[2], each[2] * _ONE),
            )
            for name, each in divisors.items()
        }

    def _group(
        self, mask: Shaped[Tensor | np.ndarray, " vertices"], threshold: float
    ) -> GroupScores:
        histogram = self.counts["vertices"][torch.as_tensor(mask).cpu().bool()].sum(0)
        precision, recall, _ = precision_recall_f1(histogram)
        place = min(_first_bin(threshold), NUM_BINS - 1)
        return GroupScores(
            average_precision=average_precision(histogram),
            prevalence=_ratio(int(histogram[1].sum()), int(histogram.sum())),
            precision=float(precision[place]),
            recall=float(recall[place]),
        )


def _counts_at(
    contact: Bool[Tensor, "batch vertices"],
    probability: Float[Tensor, "batch vertices"],
    valid: Bool[Tensor, "batch vertices"],
    thresholds: tuple[float, ...],
) -> tuple[
    Int64[Tensor, "batch thresholds"], Int64[Tensor, "batch thresholds"], Int64[Tensor, " batch"]
]:
    """Count, for each sample and threshold, the hits and the predicted; and what touches."""
    cuts = torch.tensor(thresholds, dtype=probability.dtype, device=probability.device)
    passed = torch.searchsorted(cuts, probability.contiguous(), right=True)

    def at_or_above(counted: Bool[Tensor, "batch vertices"]) -> Int64[Tensor, "batch thresholds"]:
        reached = torch.zeros(len(passed), len(thresholds) + 1, dtype=torch.int64)
        reached.scatter_add_(1, passed, counted.long())
        return reached[:, 1:].flip(1).cumsum(1).flip(1)

    truth = contact & valid
    return at_or_above(truth), at_or_above(valid), truth.sum(1)


def _first_bin(threshold: float) -> int:
    return math.ceil(threshold * NUM_BINS)


def _ratio(count: int, total: int) -> float:
    return count / total if total else math.nan
