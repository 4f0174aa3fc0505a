"""What `haco data pack` does and shows."""

from pathlib import Path

from rich.console import Console

from haco.apps.data import count_table, progress, show_faults
from haco.data.choice import DatasetChoice
from haco.data.label_store import label_folder
from haco.data.packing import pack
from haco.data.shards import Policy, read_faults
from haco.data.store import FAULTS, PackedReader


def pack_command(
    choice: DatasetChoice,
    out: Path,
    *,
    labels: Path | None,
    window: float,
    size: int,
    quality: int,
    workers: int,
    on_fault: Policy,
) -> int:
    """Pack windows with a progress bar, then print what was packed and what was left out."""
    folder = label_folder(out, choice.name, choice.split)
    reader = choice.open(labels)
    source = choice.source()
    if labels is not None:
        source["labels"] = str(labels) if str(labels) == "released" else "computed"
    with progress(f"{choice.name} {choice.split}") as show:
        pack(
            reader,
            folder,
            source,
            window=window,
            size=size,
            quality=quality,
            workers=workers,
            on_fault=on_fault,
            progress=show,
        )
    packed = PackedReader(folder)
    megabytes = round(sum(file.stat().st_size for file in folder.glob("*.arrow")) / 2**20)
    faults = read_faults(folder / FAULTS)
    counts = {"packed": len(packed), "left out": len(faults), "MiB": megabytes}
    console = Console(highlight=False, soft_wrap=True)
    console.print(count_table(counts))
    show_faults(console, faults, folder / FAULTS)
    name = folder.name.removesuffix(f"-{choice.split}")
    console.print(f"packed: {folder}   open it as packed/{name}, root {out}", markup=False)
    return 0
