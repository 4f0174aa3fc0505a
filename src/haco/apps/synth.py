"""What `haco synth` does and shows."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from haco.apps.console import progress_bar
from haco.apps.data_card import README, write_data_card
from haco.apps.synth_statistics import (
    REAL_RATIOS,
    TITLES,
    SetStatistics,
    frequency_range,
    no_contact_share,
    ratio,
    statistics_of_set,
    to_rows,
)
from haco.data.packing import pack_synthetic
from haco.files import InputError
from haco.synth.looks.picture_folder import PictureFolder, open_pictures
from haco.synth.picture_sets import PictureSet
from haco.synth.write import write_pictures, write_sheet

_NAMED = 10
"""So many skipped files are named, the rest only counted."""


def sheet_command(picture_set: PictureSet, out: Path, *, num: int, seed: int, size: int) -> int:
    """Write a contact sheet of made pictures, with a progress bar."""
    with _progress("pictures", num) as show:
        path = write_sheet(picture_set, num, seed, size, out, show)
    _say(f"{num} pictures, each beside its truth: {path}")
    return 0


def pictures_command(picture_set: PictureSet, out: Path, *, num: int, seed: int, size: int) -> int:
    """Write made pictures and their labels, each in files of its own, with a progress bar."""
    with _progress("pictures", num) as show:
        write_pictures(picture_set, num, seed, size, out, show)
    _say(f"{num} pictures with their labels: {out}; begin with sheet.png")
    return 0


def statistics_command(picture_set: PictureSet, *, num: int, seed: int) -> int:
    """Draw scenes but no pictures, and print how much touches in them."""
    _check_num(num)
    with _progress("scenes", num) as show:
        statistics = statistics_of_set(picture_set, seed, num, show)
    _show_statistics(statistics)
    return 0


def pack_command(
    picture_set: PictureSet,
    out: Path,
    *,
    num: int,
    seed: int,
    size: int,
    workers: int,
    judged: int,
) -> int:
    """Pack made pictures into a dataset with its data card; resumes if begun."""
    _check_num(num)
    with _progress("pictures", num) as show:
        pack_synthetic(
            out, picture_set, seed, num, size, workers=workers, progress=lambda done, _: show(done)
        )
    with _progress("judged", min(num, judged)) as show:
        statistics = write_data_card(out, picture_set, judged=judged, progress=show)
    _show_statistics(statistics)
    _say(f"{num} packed pictures: {out}; what they are: {out / README}")
    return 0


def open_backgrounds(folder: Path) -> PictureFolder:
    """Open a folder of pictures; name the files that are skipped, the first few of them."""
    opened = open_pictures(folder)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    for fault in opened.faults[:_NAMED]:
        errors.print(f"haco: skipped: {fault}", markup=False)
    if opened.faults:
        total = len(opened.faults) + len(opened.paths)
        errors.print(f"haco: {len(opened.faults)} of {total} files in {folder} are skipped")
    return opened


def _show_statistics(statistics: SetStatistics) -> None:
    table = Table(*TITLES, box=None)
    for row in to_rows(statistics):
        table.add_row(*row)
    Console(highlight=False).print(table)
    total = statistics.total
    low, five, half, most, high = frequency_range(total.mean)
    _say(
        f"{ratio(total):.1f} vertices without contact to one with (public sets: {REAL_RATIOS[0]} "
        f"to {REAL_RATIOS[1]}); {no_contact_share(total):.0%} of the hands touch nothing"
    )
    _say(
        f"a vertex touches in {low:.2%} (least), {five:.2%} (5th percentile), {half:.2%} (median), "
        f"{most:.2%} (95th percentile), {high:.2%} (most) of the hands"
    )


def _check_num(num: int) -> None:
    if num < 1:
        raise InputError(f"{num} samples are none; ask for one or more with --num")


@contextlib.contextmanager
def _progress(what: str, num: int) -> Iterator[Callable[[int], None]]:
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task(what, total=num)
        yield lambda done: bar.update(task, completed=done)


def _say(line: str) -> None:
    Console(highlight=False, soft_wrap=True).print(line, markup=False)
