"""Time two ways of doing one thing, turn about, and print how they compare."""

import time
from collections.abc import Callable


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
    ratio = best_plain / best_ours
    print(
        f"{name:<52} plain {1e3 * best_plain:9.2f} ms   ours {1e3 * best_ours:9.2f} ms"
        f"   {ratio:7.1f} x",
        flush=True,
    )
    return ratio


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
