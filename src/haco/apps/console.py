"""What the commands show while they work: a progress bar, and a table at the end."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from haco.apps.predict import Outcome, predict_pictures
from haco.apps.predictor import ContactPredictor
from haco.pictures.overlay import describe_parts
from haco.types import Side


def progress_bar(console: Console) -> Progress:
    """Give the bar that every long command shows."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def show_predictions(
    predictor: ContactPredictor,
    paths: Sequence[str],
    out: Path,
    *,
    box: tuple[float, float, float, float] | None = None,
    side: Side | None = None,
) -> int:
    """Predict pictures with a progress bar, print the closing table, and give the exit status."""
    errors = Console(stderr=True, highlight=False)
    with progress_bar(errors) as progress:
        task = progress.add_task("pictures", total=None)
        outcomes = predict_pictures(
            predictor,
            paths,
            out,
            box=box,
            side=side,
            on_start=lambda total: progress.update(task, total=total),
            on_done=lambda outcome: progress.advance(task),
        )
    done = [outcome for outcome in outcomes if outcome.error is None]
    if done:
        Console(highlight=False).print(_table(done))
    hands = sum(len(outcome.hands) for outcome in done)
    print_line = Console(highlight=False, soft_wrap=True).print
    if done:
        print_line(f"{len(done)} pictures, {hands} hands: results are in {out}", markup=False)
    for outcome in outcomes:
        if outcome.error is not None:
            errors.print(f"haco: {outcome.error}", style="red", markup=False, soft_wrap=True)
    return 1 if len(done) < len(outcomes) else 0


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("picture", "hand", "touches something", "most likely with", box=None)
    for outcome in outcomes:
        if not outcome.hands:
            table.add_row(outcome.path.name, "no hand seen", "", "")
        for number, hand in enumerate(outcome.hands):
            table.add_row(
                outcome.path.name if number == 0 else "",
                hand.side,
                f"{hand.touch:.0%}",
                describe_parts(hand.parts),
            )
    return table
