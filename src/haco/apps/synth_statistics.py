"""How much touches in a picture set: the numbers by which one steers what is drawn."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from haco.data.statistics import ContactStatistics, count_contact
from haco.data.store import PackedReader
from haco.geometry.contact import PROTOCOLS
from haco.synth.draw import KIND_WORDS
from haco.synth.engine import draw_all, label_distance
from haco.synth.picture_sets import PictureSet

PROTOCOL = "harmonised"
"""Contact is nearer than 10 mm, whatever is touched."""
REAL_RATIOS = (2.7, 21.7)
"""Non-contact vertices to one contact vertex: from DexYCB to Decaf, as the paper states them."""
Batch = tuple[str, Bool[np.ndarray, "_ vertices"]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SetStatistics:
    """Counts of contact, by kind of interaction."""

    kinds: Mapping[str, ContactStatistics]

    @property
    def total(self) -> ContactStatistics:
        """All kinds together."""
        first, *rest = self.kinds.values()
        return sum(rest, start=first)

    def to_json(self) -> dict[str, Any]:
        """Give all that a table shows, and the frequency of each vertex, as plain values."""
        frequency = self.total.mean
        return {
            "hands": self.total.num_samples,
            "non-contact to contact": _plain(ratio(self.total)),
            "positive share": positive_share(self.total),
            "no-contact share": no_contact_share(self.total),
            "frequency range": list(frequency_range(frequency)),
            "kinds": {
                kind: {
                    "share": counted.num_samples / self.total.num_samples,
                    "positive share": positive_share(counted),
                    "no-contact share": no_contact_share(counted),
                }
                for kind, counted in self.kinds.items()
            },
            "frequency": frequency.round(5).tolist(),
        }


def collect(batches: Iterable[Batch]) -> SetStatistics:
    """Count a stream of labels; only one batch is in memory at a time.

    Args:
        batches: Kind of interaction, and contact of hands of that kind; at least one.
    """
    kinds: dict[str, ContactStatistics] = {}
    for kind, contact in batches:
        counted = count_contact(contact)
        kinds[kind] = kinds[kind] + counted if kind in kinds else counted
    return SetStatistics(kinds={kind: kinds[kind] for kind in KIND_WORDS if kind in kinds})


def statistics_of_pack(folder: Path) -> SetStatistics:
    """Count all samples of a pack of made pictures."""
    truths = PackedReader(folder).truths(PROTOCOLS[PROTOCOL])
    return collect((kind, truth.contact) for _, kind, truth in truths)


def statistics_of_set(
    picture_set: str | PictureSet,
    seed: int,
    num: int,
    progress: Callable[[int], object] | None = None,
) -> SetStatistics:
    """Draw scenes without making pictures of them, and count who touches.

    Args:
        picture_set: A name in `PICTURE_SETS`, or a set.
        seed: Of the series.
        num: How many samples; at least one.
        progress: Called with the number of samples done, after each.
    """

    def drawn() -> Iterator[Batch]:
        for index in range(num):
            one = draw_all(picture_set, seed, index)
            kind = one.interaction.kind
            contact = PROTOCOLS[PROTOCOL].contact(label_distance(one), "synthetic", kind)
            yield kind, contact[None]
            if progress is not None:
                progress(index + 1)

    return collect(drawn())


def positive_share(counted: ContactStatistics) -> float:
    """Give the share of all vertices that touch."""
    positives, negatives = int(counted.positives.sum()), int(counted.negatives.sum())
    return positives / (positives + negatives)


def ratio(counted: ContactStatistics) -> float:
    """Give the non-contact vertices to one contact vertex; infinite if none touches."""
    positives = int(counted.positives.sum())
    return int(counted.negatives.sum()) / positives if positives else float("inf")


def no_contact_share(counted: ContactStatistics) -> float:
    """Give the share of the hands that touch nothing."""
    return 1 - counted.num_touching / counted.num_samples


def frequency_range(
    frequency: Float64[np.ndarray, " vertices"],
) -> tuple[float, float, float, float, float]:
    """Give the least, 5th percentile, median, 95th percentile and greatest of frequencies."""
    low, five, half, most, high = np.quantile(frequency, (0, 0.05, 0.5, 0.95, 1)).tolist()
    return low, five, half, most, high


def to_rows(statistics: SetStatistics) -> list[tuple[str, str, str, str]]:
    """Give the lines of a table: what hands do, their share, how much touches, how many do not."""
    total = statistics.total
    lines = [(KIND_WORDS[kind], counted) for kind, counted in statistics.kinds.items()]
    return [
        (
            words,
            f"{counted.num_samples / total.num_samples:.1%}",
            f"{positive_share(counted):.1%}",
            f"{no_contact_share(counted):.0%}",
        )
        for words, counted in [*lines, ("all", total)]
    ]


TITLES = ("what the hand does", "share of hands", "vertices that touch", "hands that touch nothing")


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None
