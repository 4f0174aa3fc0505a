"""What the commands of `haco data` do and show."""

import collections
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from haco.apps.console import progress_bar
from haco.data.choice import DatasetChoice, options_of
from haco.data.index import READERS
from haco.data.label_store import FAULTS, label_folder
from haco.data.labelling import label
from haco.data.readers.common import GeometryReader
from haco.data.shards import Fault, Policy, Progress, read_faults

_MOST_REASONS = 8


def about_command(name: str) -> int:
    """Print the manual of one dataset's reader, or the list of all."""
    console = Console(highlight=False, soft_wrap=True)
    if name:
        manual = inspect.getdoc(inspect.getmodule(READERS[_known(name)])) or ""
        console.print(manual, markup=False)
        options = ", ".join(options_of(name)) or "none"
        console.print(f"\nOptions (--option KEY=VALUE): {options}", markup=False)
        return 0
    table = Table("name", "what it is", "contact", box=None, padding=(0, 2, 0, 0))
    for known, reader in sorted(READERS.items()):
        manual = inspect.getdoc(inspect.getmodule(reader)) or ""
        table.add_row(known, manual.partition("\n")[0], _how_known(known))
    console.print(table)
    console.print("\nhaco data about NAME prints its manual: how to get it, the tree, quirks.")
    return 0


def label_command(
    choice: DatasetChoice, out: Path, *, workers: int, on_fault: Policy = "skip"
) -> int:
    """Compute labels with a progress bar, then print what was labelled and what was left out."""
    folder = label_folder(out, choice.name, choice.split)
    reader = choice.open()
    with progress(f"{choice.name} {choice.split}") as show:
        store = label(
            reader, folder, choice.source(), workers=workers, on_fault=on_fault, progress=show
        )
    counts = {
        "samples": len(store),
        "labelled": store.card["labelled"],
        "without geometry": store.card["without geometry"],
        "left out": store.card["faulty"],
    }
    console = Console(highlight=False, soft_wrap=True)
    console.print(count_table(counts))
    broken = store.card["triangles without area"]
    if broken:
        words = f"{sum(broken.values())} triangles without area were left out of"
        console.print(f"{words} {len(broken)} meshes", markup=False)
    show_faults(console, read_faults(folder / FAULTS), folder / FAULTS)
    console.print(f"labels: {folder}", markup=False)
    return 0 if store.card["faulty"] < len(store) else 1


@contextmanager
def progress(words: str) -> Iterator[Progress]:
    """Show a bar while samples are worked through."""
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task(words, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show


def show_faults(console: Console, faults: Sequence[Fault], path: Path) -> None:
    """Print why samples were left out, alike reasons together, the commonest first."""
    if not faults:
        return
    groups = collections.defaultdict(list)
    for fault in faults:
        groups[_without_names(fault.why)].append(fault)
    ranked = sorted(groups.values(), key=len, reverse=True)
    console.print(f"{len(faults)} samples are left out, since for example")
    for group in ranked[:_MOST_REASONS]:
        first = f"sample {group[0].index} {group[0].key}".rstrip()
        console.print(f"{len(group):>8}  {first}: {group[0].why}", markup=False)
    more = len(ranked) - _MOST_REASONS
    words = f", and {more} more reasons" if more > 0 else ""
    console.print(f"all of them{words}: {path}", markup=False)


def _without_names(why: str) -> str:
    """Give a reason without the paths and numbers in it, so that alike ones are equal."""
    return re.sub(r"\S*/\S*|-?\d[\d.e+-]*", "", why)


def count_table(counts: dict[str, int]) -> Table:
    """Lay counts out under their names."""
    table = Table(*counts, box=None, padding=(0, 2, 0, 0))
    table.add_row(*(str(count) for count in counts.values()))
    return table


def _known(name: str) -> str:
    options_of(name)
    return name.partition("/")[0]


def _how_known(name: str) -> str:
    reader: Callable[..., object] = READERS[name]
    if isinstance(reader, type) and issubclass(reader, GeometryReader):
        return "from meshes: haco data label"
    return "made here" if name == "synthetic" else "comes with the data"
