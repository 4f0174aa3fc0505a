"""What `haco synth`, `haco train` and `haco evaluate` do and show."""

from pathlib import Path
from typing import Any

from rich.console import Console

from haco.apps.console import progress_bar
from haco.data.index import open_dataset
from haco.data.packing import pack_synthetic
from haco.files import InputError
from haco.learning.config import TrainConfig
from haco.learning.config_file import read_config
from haco.learning.evaluate import evaluate
from haco.learning.run_folder import BEST, CONFIG, LAST, read_run
from haco.learning.train import Run, train
from haco.models.find import load_network
from haco.synth.draw import write_pictures
from haco.types import Split


def train_command(config: TrainConfig, out: Path, *, roots: Path, device: str) -> int:
    """Train, then print the last validation and where the weights lie."""
    return _show(train(config, out=out, roots=roots, device=device))


def resume_command(folder: Path, *, roots: Path | None, device: str | None) -> int:
    """Go on with a run as it was begun, then do as `train_command`."""
    begun = read_run(folder)
    run = train(
        read_config(folder / CONFIG),
        out=folder,
        roots=Path(begun["roots"]) if roots is None else roots,
        resume=True,
        device=begun["device"] if device is None else device,
    )
    return _show(run)


def _show(run: Run) -> int:
    console = Console(highlight=False, soft_wrap=True)
    if run.scores is not None:
        console.print(str(run.scores), markup=False)
    weights = run.folder / (BEST if (run.folder / BEST).exists() else LAST)
    console.print(
        f"Weights: {weights}   use them: haco predict PHOTO --weights {weights} --out DIR"
    )
    return 0


def evaluate_command(
    model: str,
    data: str,
    root: Path | None,
    split: Split,
    *,
    num: int | None,
    seed: int | None,
    workers: int,
) -> int:
    """Score weights on a dataset and print the table."""
    network, meta = load_network(model)
    made = data.startswith("synthetic")
    if not made and (num is not None or seed is not None):
        raise InputError(f"{data}: num and seed are for made pictures (synthetic/...) only")
    options: dict[str, Any] = {
        name: it for name, it in (("num", num), ("seed", seed)) if it is not None
    }
    reader = open_dataset(data, root, split=split, **options)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{model} on {len(reader)} hands of {data} ({split})", markup=False)
    scores = evaluate(network, reader, meta=meta, protocol=meta.protocol, workers=workers)
    console.print(str(scores), markup=False)
    return 0


def synth_command(picture_set: str, out: Path, *, num: int, seed: int, size: int) -> int:
    """Write made pictures and their labels, with a progress bar."""
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("pictures", total=num)
        write_pictures(
            picture_set, num, seed, size, out, lambda done: bar.update(task, completed=done)
        )
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{num} pictures with their labels: {out}; begin with sheet.png", markup=False)
    return 0


def pack_command(
    picture_set: str, out: Path, *, num: int, seed: int, size: int, workers: int
) -> int:
    """Pack made pictures into a dataset for training, with a progress bar; resumes if begun."""
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("pictures", total=num)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        pack_synthetic(out, picture_set, seed, num, size, workers=workers, progress=show)
    Console(highlight=False, soft_wrap=True).print(f"{num} packed pictures: {out}", markup=False)
    return 0
