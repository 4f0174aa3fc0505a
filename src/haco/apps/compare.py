"""What `haco compare` does and shows: the runs, a table and a plot."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from rich.console import Console

from haco.apps.console import progress_bar
from haco.files import write_atomically
from haco.learning.ablate import RunResult
from haco.learning.ablation_table import by_variant
from haco.learning.compare import compare, make_comparison
from haco.learning.comparison_table import comparison_table
from haco.learning.studies import StudySize
from haco.pictures.plots import Panel, draw_dot_plot

_PANELS = {
    "average precision": "average_precision",
    "F1 at its best threshold": "macro_f1",
    "F1 at 0.5": "macro_at_half_f1",
    "micro F1": "micro_f1",
    "touch AUROC": "touch_auroc",
}


def compare_command(
    size: StudySize,
    *,
    networks: Sequence[str],
    encoder: str,
    seeds: int,
    out: Path,
    device: str,
) -> int:
    """Do the runs that are missing, then write and print what all of them scored."""
    study = make_comparison(size, networks, encoder)
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("drawing pictures", total=seeds * len(study.variants))

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=f"done: {what}")

        results = compare(study, size, seeds=seeds, out=out, device=device, report=show)
    write_results(out, results)
    console = Console(highlight=False, soft_wrap=True)
    console.print((out / "table.md").read_text(), markup=False)
    console.print(f"Table, plot and scores: {out}", markup=False)
    return 0


def write_results(folder: Path, results: Sequence[RunResult]) -> None:
    """Write `table.md`, `plot.png` and `scores.json`."""
    with write_atomically(folder / "table.md") as part:
        part.write_text(comparison_table(results), "utf-8")
    with write_atomically(folder / "scores.json") as part:
        records = [dataclasses.asdict(result) for result in results]
        part.write_text(json.dumps(records, indent=2) + "\n")
    grouped = by_variant(results)
    panels = [
        Panel(
            title=title,
            values=[[run.scores[score] for run in runs] for runs in grouped.values()],
        )
        for title, score in _PANELS.items()
    ]
    picture = draw_dot_plot(
        list(grouped),
        panels,
        heading="HACO's decoder and its rivals, trained alike",
        note="A ring is one run, the bar the mean over seeds. The best threshold is chosen on "
        "validation; micro F1 is at that threshold too.",
    )
    with write_atomically(folder / "plot.png") as part:
        Image.fromarray(picture).save(part)
