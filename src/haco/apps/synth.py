"""What `haco synth` does and shows."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from haco.apps.console import progress_bar
from haco.data.packing import pack_synthetic
from haco.synth.write import write_pictures, write_sheet


def sheet_command(picture_set: str, out: Path, *, num: int, seed: int, size: int) -> int:
    """Write a contact sheet of made pictures, with a progress bar."""
    with _progress(num) as show:
        path = write_sheet(picture_set, num, seed, size, out, show)
    _say(f"{num} pictures, each beside its truth: {path}")
    return 0


def pictures_command(picture_set: str, out: Path, *, num: int, seed: int, size: int) -> int:
    """Write made pictures and their labels, each in files of its own, with a progress bar."""
    with _progress(num) as show:
        write_pictures(picture_set, num, seed, size, out, show)
    _say(f"{num} pictures with their labels: {out}; begin with sheet.png")
    return 0


def pack_command(
    picture_set: str, out: Path, *, num: int, seed: int, size: int, workers: int
) -> int:
    """Pack made pictures into a dataset for training, with a progress bar; resumes if begun."""
    with _progress(num) as show:
        pack_synthetic(
            out, picture_set, seed, num, size, workers=workers, progress=lambda done, _: show(done)
        )
    _say(f"{num} packed pictures: {out}")
    return 0


@contextlib.contextmanager
def _progress(num: int) -> Iterator[Callable[[int], None]]:
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("pictures", total=num)
        yield lambda done: bar.update(task, completed=done)


def _say(line: str) -> None:
    Console(highlight=False, soft_wrap=True).print(line, markup=False)
