"""The table of a study: mean and spread over seeds, in Markdown."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from haco.learning.ablate import RunResult
from haco.learning.run_scores import FREQUENCIES, REGIONS, TOUCHED

HALF = ", at 0.5"
TABLES: Mapping[str, Mapping[str, str]] = {
    "At threshold 0.5": {
        "precision": f"precision{HALF}",
        "recall": f"recall{HALF}",
        "F1": f"f1{HALF}",
        **{f"recall, {name}": f"recall, {name}{HALF}" for name in FREQUENCIES},
        "near misses called touching": f"near_alarms{HALF}",
    },
    "At each run's best threshold on validation": {
        "threshold": "threshold",
        "precision": "precision",
        "recall": "recall",
        "F1": "f1",
        "average precision": "average_precision",
        **{f"recall, {name}": f"recall, {name}" for name in FREQUENCIES},
        "near misses called touching": "near_alarms",
    },
    "Average precision by group of vertices": {
        name: f"average_precision, {name}" for name in (*FREQUENCIES, *REGIONS)
    },
    "F1 at the best threshold by group of vertices": {
        name: f"f1, {name}" for name in (*FREQUENCIES, *REGIONS)
    },
    "By what the hand touches, F1 at the best threshold": {
        **{f"average precision, {name}": f"average_precision, of {name}" for name in TOUCHED},
        **{f"F1, {name}": f"f1, of {name}" for name in TOUCHED},
    },
}
"""Heading of each table, and for each of its columns the score it shows, where there is one."""


def by_variant(results: Sequence[RunResult]) -> dict[str, list[RunResult]]:
    """Group the runs by variant, in the order of their first appearance."""
    grouped: dict[str, list[RunResult]] = {}
    for result in results:
        grouped.setdefault(result.variant, []).append(result)
    return grouped


def mean_and_spread(results: Sequence[RunResult], score: str) -> tuple[float, float]:
    """Give a score's mean over runs and its sample standard deviation; NaN for a single run."""
    values = np.array([result.scores.get(score, math.nan) for result in results])
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else math.nan


def markdown_tables(results: Sequence[RunResult]) -> str:
    """Lay out every table of `TABLES`, a row a variant; a score that no run has is left out."""
    grouped = by_variant(results)
    seeds = len({result.seed for result in results})
    parts = [f"Mean ± standard deviation over {seeds} seeds." if seeds > 1 else "One seed."]
    known = {score for result in results for score in result.scores}
    for heading, scores in TABLES.items():
        columns = {title: score for title, score in scores.items() if score in known}
        if not columns:
            continue
        lines = [
            "| | " + " | ".join(columns) + " |",
            "|---" * (len(columns) + 1) + "|",
            *(
                f"| {variant} | "
                + " | ".join(_cell(runs, score) for score in columns.values())
                + " |"
                for variant, runs in grouped.items()
            ),
        ]
        parts.append("\n".join([f"**{heading}**", "", *lines]))
    return "\n\n".join(parts) + "\n"


def _cell(runs: Sequence[RunResult], score: str) -> str:
    mean, spread = mean_and_spread(runs, score)
    if math.isnan(mean):
        return "-"
    return f"{mean:.3f}" if math.isnan(spread) else f"{mean:.3f} ± {spread:.3f}"
