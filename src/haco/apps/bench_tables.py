"""Tables of benches of downstream tasks: a row a source of contact, mean and spread over seeds."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from haco.files import write_atomically

Summary = Mapping[str, Mapping[str, tuple[float, float]]]
"""By source and score: the mean over seeds, and the standard deviation between their means."""
Cases = Sequence[Mapping[str, Any]]
"""For each case of a seed, by source, a dataclass of scores."""


def summarise(by_seed: Sequence[Cases], heads: Mapping[str, str]) -> Summary:
    """Average scores over the cases of each seed, then over seeds.

    Args:
        by_seed: The cases of each seed.
        heads: Which scores, and what they are called in tables.

    Returns:
        Mean and spread; with one seed the spread is NaN.
    """
    summary: dict[str, dict[str, tuple[float, float]]] = {}
    for name in by_seed[0][0]:
        summary[name] = {}
        for score in heads:
            means = [
                float(np.mean([getattr(case[name], score) for case in cases])) for cases in by_seed
            ]
            spread = float(np.std(means, ddof=1)) if len(means) > 1 else math.nan
            summary[name][score] = (float(np.mean(means)), spread)
    return summary


def terminal_table(summary: Summary, heads: Mapping[str, str]) -> Table:
    """Lay out one score a row, which fits a terminal."""
    table = Table("", *summary, box=None)
    for score, head in heads.items():
        table.add_row(head, *(_shown(head, *scores[score]) for scores in summary.values()))
    return table


def write_tables(
    out: Path,
    stem: str,
    summary: Summary,
    heads: Mapping[str, str],
    by_seed: Sequence[Cases],
    command: str,
) -> None:
    """Write `<stem>.md`, one source a row, and `<stem>.json`, every number.

    Args:
        out: Folder; made if missing.
        stem: Of the files' names.
        summary: Of `summarise`.
        heads: As there.
        by_seed: As there.
        command: What made them.
    """
    lines = [["contact from", *heads.values()], ["---"] * (len(heads) + 1)]
    for name, scores in summary.items():
        lines.append([name, *(_shown(head, *scores[score]) for score, head in heads.items())])
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    cases = [
        [{name: dataclasses.asdict(scores) for name, scores in case.items()} for case in seed]
        for seed in by_seed
    ]
    out.mkdir(parents=True, exist_ok=True)
    with write_atomically(out / f"{stem}.md") as part:
        part.write_text(f"`{command}`\n\n{text}\n", "utf-8")
    with write_atomically(out / f"{stem}.json") as part:
        part.write_text(json.dumps({"command": command, "seeds": cases}, indent=1), "utf-8")


def _shown(head: str, mean: float, spread: float) -> str:
    digits = 1 if head.endswith("mm") else 2
    words = f"{mean:.{digits}f}"
    return words if math.isnan(spread) else f"{words} ± {spread:.{digits}f}"
