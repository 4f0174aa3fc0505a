"""How much scores would change with other hands: intervals by the bootstrap, in constant memory.

The Poisson bootstrap (Chamandy et al. 2012, "Estimating uncertainty for massive data streams"): in
each of many replicates a hand counts as often as a Poisson draw of mean one says. Hand and
replicate alone decide the draw, so neither batches nor processes change an interval.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from haco.learning.histograms import auroc, average_precision, precision_recall_f1

NUM_REPLICATES = 200
LEVEL = 0.95
_SEED = 778
_BINS = 512  # of probability; coarser than the scores' own, which moves an interval by nothing

Intervals = Mapping[str, tuple[float, float]]


class Bootstrap:
    """Counts every hand into every replicate, batch by batch."""

    def __init__(self, threshold: float, *, replicates: int = NUM_REPLICATES) -> None:
        """Start from nothing.

        Args:
            threshold: Where contact begins, for F1.
            replicates: How many times the set of hands is drawn anew.
        """
        self.threshold, self.replicates = threshold, replicates
        shapes = {
            "vertices": (replicates, 2, _BINS),
            "touch": (replicates, 2, _BINS),
            "cut": (replicates, 3),  # hits, predicted, positives
            "hands": (replicates, 2),  # hands, sum of their F1
        }
        self.counts = {
            name: torch.zeros(shape, dtype=torch.float64) for name, shape in shapes.items()
        }

    def update(
        self,
        first: int,
        contact: Bool[Tensor, "batch vertices"],
        probability: Float[Tensor, "batch vertices"],
        *,
        valid: Bool[Tensor, "batch vertices"],
        touch: Float[Tensor, " batch"] | None = None,
    ) -> None:
        """Count a batch.

        Args:
            first: Number of its first hand in the whole set; the others follow.
            contact: The truth, False where unknown.
            probability: What the model says.
            valid: Where the truth speaks.
            touch: Probability that the hand touches anything.
        """
        weights = self._weights(first, len(contact))
        predicted = (probability >= self.threshold) & valid
        hits, said, true = (
            each.sum(1).double() for each in (contact & predicted, predicted, contact)
        )
        f1 = 2 * hits / (said + true).clamp(min=1)
        some = valid.any(dim=1).double()
        self.counts["cut"] += weights @ torch.stack([hits, said, true], dim=1)
        self.counts["hands"] += weights @ torch.stack([some, f1 * some], dim=1)
        self._add("vertices", weights, contact, probability, valid)
        if touch is not None:
            touching = contact.any(dim=1)
            told = touching | valid.all(dim=1)
            self._add("touch", weights, touching[:, None], touch[:, None], told[:, None])

    def intervals(self) -> Intervals:
        """Give for each score the range that holds the middle 95 % of its replicates."""
        hits, said, true = self.counts["cut"].unbind(1)
        hands, f1 = self.counts["hands"].unbind(1)
        found = {
            "average_precision": _each(average_precision, self.counts["vertices"]),
            "best_micro_f1": _each(_best_f1, self.counts["vertices"]),
            "micro_f1": (2 * hits / (said + true)).numpy(),
            "macro_f1": (f1 / hands).numpy(),
            "touch_auroc": _each(auroc, self.counts["touch"]),
        }
        return {name: _middle(values) for name, values in found.items()}

    def _weights(self, first: int, num: int) -> Float[Tensor, "replicates batch"]:
        draws = [
            np.random.default_rng([_SEED, first + hand]).poisson(1.0, self.replicates)
            for hand in range(num)
        ]
        return torch.from_numpy(np.stack(draws, axis=1)).double()

    def _add(
        self,
        name: str,
        weights: Float[Tensor, "replicates batch"],
        truth: Bool[Tensor, "batch answers"],
        probability: Float[Tensor, "batch answers"],
        known: Bool[Tensor, "batch answers"],
    ) -> None:
        place = (probability.float() * _BINS).long().clamp(0, _BINS - 1) + _BINS * truth.long()
        counted = torch.zeros(len(truth), 2 * _BINS, dtype=torch.float64)
        counted.scatter_add_(1, place, known.double())
        self.counts[name] += (weights @ counted).unflatten(1, (2, _BINS))


def _each(
    score: Callable[[Tensor], float], counts: Float[Tensor, "replicates 2 bins"]
) -> Float[np.ndarray, " replicates"]:
    return np.array([score(histogram.long()) for histogram in counts])


def _best_f1(histogram: Int64[Tensor, "2 bins"]) -> float:
    return float(precision_recall_f1(histogram)[2].max())


def _middle(values: Float[np.ndarray, " replicates"]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
