"""What `haco ablate` does and shows: the runs, a table and a plot."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image
from rich.console import Console

from haco.apps.console import progress_bar
from haco.files import write_atomically
from haco.learning.ablate import RunResult, ablate, make_study
from haco.learning.ablation_table import HALF, by_variant, markdown_tables
from haco.learning.run_scores import TOUCHED
from haco.learning.studies import Study, StudySize
from haco.pictures.plots import Panel, draw_dot_plot

_PANELS: Mapping[str, str] = {
    "F1 at 0.5": f"f1{HALF}",
    "F1 at its best threshold": "f1",
    "average precision": "average_precision",
    "recall of rare vertices": "recall, rare",
    "near misses called touching": "near_alarms",
}
_PANELS_OF: Mapping[str, Mapping[str, str]] = {
    "data": {f"average precision, {name}": f"average_precision, of {name}" for name in TOUCHED}
}
"""Of studies that ask something else of their runs."""
_NOTE = "A ring is one run, the bar the mean over seeds. "
_THRESHOLDS = (
    "The three panels on the right are of scores at each run's best threshold on validation, or at "
    "none."
)


def ablate_command(
    study_name: str,
    size: StudySize,
    *,
    seeds: int,
    out: Path,
    only: Sequence[str],
    device: str,
) -> int:
    """Do the runs of a study that are missing, then write and print what all of them scored."""
    study = make_study(study_name, size, only=only)
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task(f"{study_name}: drawing pictures", total=seeds * len(study.variants))

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=f"done: {what}")

        results = ablate(study, size, seeds=seeds, out=out, device=device, report=show)
    folder = out / study_name
    write_results(folder, results, study)
    console = Console(highlight=False, soft_wrap=True)
    console.print((folder / "table.md").read_text(), markup=False)
    console.print(f"Table, plot and scores: {folder}", markup=False)
    return 0


def write_results(folder: Path, results: Sequence[RunResult], study: Study) -> None:
    """Write `table.md`, `plot.png` and `scores.json`.

    Args:
        folder: Where to.
        results: Of all runs.
        study: That they are of.
    """
    with write_atomically(folder / "table.md") as part:
        part.write_text(markdown_tables(results), "utf-8")
    with write_atomically(folder / "scores.json") as part:
        records = [dataclasses.asdict(result) for result in results]
        part.write_text(json.dumps(records, indent=2) + "\n")
    grouped = by_variant(results)
    panels = [
        Panel(
            title=title,
            values=[[run.scores.get(score, math.nan) for run in runs] for runs in grouped.values()],
        )
        for title, score in _PANELS_OF.get(study.name, _PANELS).items()
    ]
    picture = draw_dot_plot(
        list(grouped),
        panels,
        heading=f"Ablation: {study.question}",
        note=_NOTE + ("" if study.name in _PANELS_OF else _THRESHOLDS),
    )
    with write_atomically(folder / "plot.png") as part:
        Image.fromarray(picture).save(part)
