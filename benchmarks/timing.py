"""Time two ways of doing one thing, turn about, print how they compare, and keep the record."""

import dataclasses
import time
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Record:
    """One thing that was timed."""

    name: str
    """What was done, with its size."""
    plain: float
    """Seconds of the way one would write it first."""
    ours: float
    """Seconds of the way of this repository."""


RECORDS: list[Record] = []
"""All that was timed in this process, in order."""


def compare(
    name: str,
    ours: Callable[[], object],
    plain: Callable[[], object],
    *,
    rounds: int = 5,
    times: int = 1,
) -> float:
    """Run both in turn, print the best time of each, and give how many times faster ours is.

    Args:
        name: What is done, with its size.
        ours: The way of this repository.
        plain: The way one would write it first.
        rounds: How often each is timed; the best round counts.
        times: How often ours runs in a round, if it is too quick for the clock.
    """
    ours()  # compile, fill caches
    best_ours = best_plain = float("inf")
    for _ in range(rounds):
        best_plain = min(best_plain, _seconds(plain))
        best_ours = min(best_ours, _seconds(lambda: [ours() for _ in range(times)]) / times)
    record(name, plain=best_plain, ours=best_ours)
    return best_plain / best_ours


def record(name: str, *, plain: float, ours: float) -> None:
    """Print and keep what was timed otherwise than by `compare`, seconds."""
    RECORDS.append(Record(name, plain, ours))
    print(
        f"{name:<52} plain {1e3 * plain:9.2f} ms   ours {1e3 * ours:9.2f} ms"
        f"   {plain / ours:7.1f} x",
        flush=True,
    )


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
