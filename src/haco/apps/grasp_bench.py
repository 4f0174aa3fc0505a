"""`haco grasp bench`: does contact seen in a picture make grasps better?"""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from haco.apps.console import progress_bar
from haco.apps.grasp import THRESHOLD
from haco.apps.predictor import ContactPredictor
from haco.downstream.grasp_bench import bench_cases, bench_one
from haco.downstream.grasp_scores import GraspScores
from haco.files import write_atomically
from haco.hands.topologies import load_hand

HEADS = {
    "precision": "contact P",
    "recall": "contact R",
    "f1": "contact F1",
    "mpjpe": "MPJPE, mm",
    "mpvpe": "MPVPE, mm",
    "intersection": "volume in both, cm3",
    "penetration": "deepest, mm",
    "stability": "held",
}
FIRST_SEED = 5000
"""Of the pictures; the bundled weights saw none of them."""

Scores = list[Mapping[str, GraspScores]]


def bench_command(
    *, weights: str, picture_set: str, num: int, seeds: int, steps: int, out: Path
) -> int:
    """Refine rough grasps by contact from several sources; print and write one table."""
    predictor = ContactPredictor.load(weights)
    hand = load_hand("open")

    def sees(image: np.ndarray, box: np.ndarray) -> np.ndarray:
        return predictor(image, box, "right").contact

    by_seed: list[Scores] = []
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("grasps", total=num * seeds)
        for seed in range(seeds):
            rng, scores = np.random.default_rng([FIRST_SEED, seed]), []
            for case in bench_cases(picture_set, FIRST_SEED + seed, num):
                scores.append(bench_one(hand, case, sees, rng, threshold=THRESHOLD, steps=steps))
                bar.advance(task)
            by_seed.append(scores)
    summary = summarise(by_seed)
    command = f"haco grasp bench --set {picture_set} --num {num} --seeds {seeds} --steps {steps}"
    _write(out, summary, by_seed, f"{command} --weights {weights}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(_table(summary))
    console.print(f"\n{out / 'grasps.md'}\n{out / 'grasps.json'}", markup=False)
    return 0


def summarise(by_seed: Sequence[Scores]) -> dict[str, dict[str, tuple[float, float]]]:
    """Give each score's mean over seeds, and the standard deviation between their means."""
    summary: dict[str, dict[str, tuple[float, float]]] = {}
    for name in by_seed[0][0]:
        summary[name] = {}
        for score in HEADS:
            means = [
                float(np.mean([getattr(case[name], score) for case in scores]))
                for scores in by_seed
            ]
            spread = float(np.std(means, ddof=1)) if len(means) > 1 else math.nan
            summary[name][score] = (float(np.mean(means)), spread)
    return summary


def _rows(summary: dict[str, dict[str, tuple[float, float]]]) -> list[list[str]]:
    def shown(score: str, mean: float, spread: float) -> str:
        digits = 1 if score in ("mpjpe", "mpvpe", "penetration") else 2
        words = f"{mean:.{digits}f}"
        return words if np.isnan(spread) else f"{words} ± {spread:.{digits}f}"

    return [
        [name, *(shown(score, *scores[score]) for score in HEADS)]
        for name, scores in summary.items()
    ]


def _table(summary: dict[str, dict[str, tuple[float, float]]]) -> Table:
    """Lay out one score a row, which fits a terminal."""
    table = Table("", *summary, box=None)
    columns = zip(*_rows(summary), strict=True)
    next(columns)  # the names
    for head, column in zip(HEADS.values(), columns, strict=True):
        table.add_row(head, *column)
    return table


def _write(
    out: Path,
    summary: dict[str, dict[str, tuple[float, float]]],
    by_seed: Sequence[Scores],
    command: str,
) -> None:
    heads = ["contact from", *HEADS.values()]
    lines = [heads, ["---"] * len(heads), *_rows(summary)]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    cases = [
        [{name: dataclasses.asdict(scores) for name, scores in case.items()} for case in seed]
        for seed in by_seed
    ]
    out.mkdir(parents=True, exist_ok=True)
    with write_atomically(out / "grasps.md") as part:
        part.write_text(f"`{command}`\n\n{text}\n", "utf-8")
    with write_atomically(out / "grasps.json") as part:
        part.write_text(json.dumps({"command": command, "seeds": cases}, indent=1), "utf-8")
