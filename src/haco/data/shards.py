"""Long work over a reader's samples in shards: several processes, and a killed run goes on.

The samples are cut into shards by number. A worker writes whole shards, each atomically, so what
lies on disk is always right, and a shard that is there need not be done again. What is made is
written down before the first shard, so that two different things never mix in one folder.
"""

import concurrent.futures
import dataclasses
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import torch

from haco.files import InputError, write_atomically

CARD, PLAN = "card.json", "plan.json"
Progress = Callable[[int, int], None]
"""Called with samples done and samples in all."""
ShardWriter = Callable[[int], int]
"""Writes the shard that begins at a sample, and gives the number of samples that it dealt with."""
Policy = Literal["skip", "refuse"]
"""What to do with a sample that cannot be used: leave it out and say so, or stop there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fault:
    """One sample that cannot be used, and why."""

    index: int
    """Its number in the reader."""
    key: str
    """Its key; empty where not even that could be read."""
    why: str


def is_finished(out: Path, plan: dict[str, object]) -> bool:
    """Say whether the very same thing is done; write down the plan where nothing was begun.

    Raises:
        InputError: The folder holds, or has begun, something else.
    """
    card, begun = out / CARD, out / PLAN
    if card.exists():
        if read_json(card).get("plan") != plan:
            raise InputError(f"{out}: holds another dataset's data; choose another folder")
        return True
    if not begun.exists():
        write_json(begun, plan)
    if read_json(begun) != plan:
        raise InputError(
            f"{out}: something else was begun here; delete it or choose another folder"
        )
    return False


def write_shards(write: ShardWriter, starts: Sequence[int], workers: int) -> Iterator[int]:
    """Write the shards that begin at `starts`, and give the samples dealt with as each is done.

    Args:
        write: Writes one; it is pickled to each worker once.
        starts: Number of the first sample of each.
        workers: Processes; 1 works in this one.
    """
    if workers == 1:
        yield from map(write, starts)
        return
    # Spawned, not forked: a fork would copy the threads of torch and numba in whatever state.
    with concurrent.futures.ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(write,)
    ) as pool:
        futures = [pool.submit(_do, start) for start in starts]
        try:
            for future in concurrent.futures.as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


_writer: list[ShardWriter] = []  # A worker process holds the one that it works for.


def _begin(write: ShardWriter) -> None:
    """Keep a worker to one core, and let it keep what it builds from shard to shard."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    _writer.append(write)


def _do(start: int) -> int:
    return _writer[0](start)


def read_json(path: Path) -> dict[str, Any]:
    """Read a small file that haco wrote.

    Raises:
        InputError: It is not there or damaged.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); make it again") from error


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a small file for people and programs."""
    with write_atomically(path) as part:
        part.write_text(json.dumps(content, indent=2) + "\n")


def write_faults(path: Path, faults: Sequence[Fault]) -> None:
    """Write faults as JSON, one a line."""
    lines = [json.dumps(dataclasses.asdict(fault)) + "\n" for fault in faults]
    with write_atomically(path) as part:
        part.write_text("".join(lines))


def read_faults(path: Path) -> list[Fault]:
    """Read what `write_faults` wrote."""
    try:
        return [Fault(**json.loads(line)) for line in path.read_text().splitlines()]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); make it again") from error
