"""All that is counted of one model's answers on one dataset, batch by batch, in constant memory."""

import dataclasses
import heapq
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from haco.learning.bootstrap import Bootstrap
from haco.learning.geodesic import GeodesicErrors
from haco.learning.metrics import THRESHOLDS, ContactMetrics

NUM_EXTREMES = 30


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model says of a batch of hands, beside the truth."""

    contact: Bool[Tensor, "batch vertices"]
    """The truth, False where unknown."""
    valid: Bool[Tensor, "batch vertices"]
    """Where the truth speaks."""
    probability: Float[Tensor, "batch vertices"]
    touch: Float[Tensor, " batch"] | None
    """Probability that the hand touches anything."""
    keys: Sequence[str]
    """Of the samples; what stands before the first slash names the dataset."""
    interactions: Sequence[str]


class Tally:
    """The counters of one evaluation; those of several parts of a dataset merge into one."""

    def __init__(
        self,
        *,
        threshold: float,
        num_vertices: int = 778,
        surface: Float[Tensor, "vertices vertices"] | None = None,
        first: int = 0,
    ) -> None:
        """Start from nothing.

        Args:
            threshold: Where contact begins.
            num_vertices: Positions a hand.
            surface: Distances along the skin, metres; None leaves geodesic errors out.
            first: Number, in the whole dataset, of the first hand that is counted here.
        """
        self.threshold, self.num_vertices, self.next = threshold, num_vertices, first
        self.whole = self._metrics(by_vertex=True)
        self.kinds: dict[str, ContactMetrics] = {}
        self.sources: dict[str, ContactMetrics] = {}
        self.bootstrap = Bootstrap(threshold)
        self.geodesic = None if surface is None else GeodesicErrors(surface)
        self.best, self.worst = Extremes(), Extremes()

    def update(self, answer: Answer) -> None:
        """Count a batch, the next in the dataset's order."""
        contact, valid = answer.contact.cpu() & answer.valid.cpu(), answer.valid.cpu()
        probability = answer.probability.detach().cpu()
        touch = None if answer.touch is None else answer.touch.detach().cpu()
        self.whole.update(contact, probability, valid=valid, touch=touch)
        self.bootstrap.update(self.next, contact, probability, valid=valid, touch=touch)
        sources = [key.partition("/")[0] for key in answer.keys]
        for names, counters in ((answer.interactions, self.kinds), (sources, self.sources)):
            for name in dict.fromkeys(names):
                rows = torch.tensor([each == name for each in names])
                counter = counters.setdefault(name, self._metrics(by_vertex=False))
                part = None if touch is None else touch[rows]
                counter.update(contact[rows], probability[rows], valid=valid[rows], touch=part)
        predicted = (probability >= self.threshold) & valid
        if self.geodesic is not None:
            self.geodesic.update(contact, predicted)
        union = (contact | predicted).sum(1)
        agreement = torch.where(union > 0, (contact & predicted).sum(1) / union.clamp(min=1), 1.0)
        for row in valid.any(dim=1).nonzero()[:, 0].tolist():
            self.best.add(float(agreement[row]), self.next + row)
            self.worst.add(-float(agreement[row]), self.next + row)
        self.next += len(contact)

    def merge(self, other: "Tally") -> None:
        """Add what was counted on another part of the dataset, at the same threshold."""
        self.whole.merge(other.whole)
        for mine, theirs in ((self.kinds, other.kinds), (self.sources, other.sources)):
            for name, counter in theirs.items():
                mine.setdefault(name, self._metrics(by_vertex=False)).merge(counter)
        _add(self.bootstrap.counts, other.bootstrap.counts)
        if self.geodesic is not None and other.geodesic is not None:
            _add(self.geodesic.counts, other.geodesic.counts)
        for mine, theirs in ((self.best, other.best), (self.worst, other.worst)):
            for score, index in theirs.kept:
                mine.add(score, -index)  # kept negative, see `Extremes`

    def _metrics(self, *, by_vertex: bool) -> ContactMetrics:
        return ContactMetrics(
            self.num_vertices, thresholds=(*THRESHOLDS, self.threshold), by_vertex=by_vertex
        )


def _add(mine: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    for name, count in theirs.items():
        mine[name] += count


class Extremes:
    """The hands of the highest scores; of equal ones, the first."""

    def __init__(self, most: int = NUM_EXTREMES) -> None:
        self.most = most
        self.kept: list[tuple[float, int]] = []
        """A heap of scores and, negative, numbers of hands."""

    def add(self, score: float, index: int) -> None:
        """Offer one hand."""
        entry = (score, -index)
        if len(self.kept) < self.most:
            heapq.heappush(self.kept, entry)
        else:
            heapq.heappushpop(self.kept, entry)

    def indices(self) -> list[int]:
        """Give the numbers of the hands kept, the highest score first."""
        return [-index for _, index in sorted(self.kept, reverse=True)]
