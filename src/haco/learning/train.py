"""Training: one loop that can be killed at any moment and resumed to the same losses.

config = haco.RECIPES["debug"]
run = haco.train(config, out=Path("runs/first"))
run.model, run.scores
"""

import contextlib
import dataclasses
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import rich.progress
import torch

from haco.data.loading import CropDataset, Draw, epoch_order, training_batches
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.learning.board import Board
from haco.learning.checkpoint import generator_states, load_checkpoint, save_checkpoint
from haco.learning.config import TrainConfig
from haco.learning.draws import epoch_draw
from haco.learning.evaluate import Scores
from haco.learning.optim import learning_rate
from haco.learning.processes import Processes
from haco.learning.run_folder import (
    BEST,
    CHECKPOINT,
    MetricsLog,
    begin_run,
    check_run,
    run_lock,
)
from haco.learning.sources import Known, known_hands, open_split
from haco.learning.start import fingerprints, start_training
from haco.learning.step import Loop, train_step
from haco.learning.validate import Validation
from haco.models.contact_net import ContactNet
from haco.models.weights import load_weights
from haco.types import Crop


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """A training run, finished or stopped."""

    model: ContactNet
    """The averaged weights after the best epoch; after the last step if none was finished."""
    scores: Scores | None
    """Of the last epoch on validation; None if none was finished in this call."""
    config: TrainConfig
    folder: Path
    is_finished: bool
    is_first: bool
    """Whether this is the only process, or the first of several."""


def seed_everything(seed: int) -> None:
    """Seed torch's own generators: the weights' start and dropout. All else has its own seeds."""
    torch.manual_seed(seed)  # noqa: TID251 - the one place


def train(
    config: TrainConfig,
    *,
    out: Path,
    roots: Path = Path("datasets"),
    resume: bool = False,
    device: str = "cpu",
    stop_after: int | None = None,
    progress: bool = True,
) -> Run:
    """Train a network.

    Args:
        config: What to train, on what, and how; see `haco.RECIPES`.
        out: Folder of the run.
        roots: Folder that the datasets lie in.
        resume: Go on with the run in `out`, from its last checkpoint.
        device: Where to compute, as torch names it.
        stop_after: Stop after this many steps of this call, with a checkpoint; None goes on to
            the end.
        progress: Show a bar.

    Returns:
        The trained network and its scores.

    Raises:
        InputError: A dataset or the initial weights are missing, `out` holds another run, the
            data has changed since this run began, a sample is damaged or the disk is full.
        FloatingPointError: A loss is not finite; the batch is kept in `out` for inspection.
    """
    processes = Processes(device)
    check_run(out, config, resume=resume)
    _check_pieces(config, processes)
    training, validation = (
        known_hands(open_split(config, roots, split), config, split) for split in ("train", "val")
    )
    processes.wait()  # none may write before all have looked
    judge = Validation(config=config, out=out, reader=validation.reader, truth=training.truth)
    with run_lock(out, is_wanted=processes.is_first):
        loop = _prepare(config, out, processes, training, validation, roots=roots, device=device)
        with _bar(shown=progress and processes.is_first) as bar, _told(loop):
            scores = _train_epochs(loop, judge, stop_after=stop_after, bar=bar)
    best = out / BEST
    return Run(
        model=load_weights(best)[0] if best.exists() else loop.state.average.network,
        scores=scores,
        config=config,
        folder=out,
        is_finished=loop.state.epoch == config.epochs,
        is_first=processes.is_first,
    )


def _check_pieces(config: TrainConfig, processes: Processes) -> None:
    pieces = processes.number * config.accumulate
    if config.batch_size % pieces:
        raise InputError(
            f"a batch of {config.batch_size} cannot be cut into {pieces} equal pieces "
            f"({processes.number} processes, accumulate {config.accumulate}); choose another size"
        )


def _prepare(
    config: TrainConfig,
    out: Path,
    processes: Processes,
    training: Known,
    validation: Known,
    *,
    roots: Path,
    device: str,
) -> Loop:
    """Build everything, load the checkpoint if there is one, and write down what is run."""
    dataset, draw = _training_data(config, training)
    data = fingerprints(config, training, validation)
    seed_everything(config.seed)
    has_checkpoint = (out / CHECKPOINT).exists()
    state = start_training(config, training.truth, processes.device, has_checkpoint=has_checkpoint)
    seed_everything(config.seed + 1_000_003 * processes.index)  # each drops paths of its own
    if processes.is_first:
        begin_run(out, config, roots=roots, device=device, data=data)
    if has_checkpoint:
        load_checkpoint(out / CHECKPOINT, state, process=processes.index)
    return Loop(
        config=config,
        out=out,
        processes=processes,
        state=state,
        network=processes.wrap(state.network),
        dataset=dataset,
        draw=draw,
        log=MetricsLog(
            out, first_step=state.step, first_epoch=state.epoch, write=processes.is_first
        ),
        board=Board(out, first_step=state.step) if processes.is_first else None,
    )


def _training_data(config: TrainConfig, training: Known) -> tuple[CropDataset, Draw | None]:
    """Give the crops to train on and how an epoch draws of them; it must fill a batch."""
    dataset = CropDataset(
        reader=training.reader,
        protocol=PROTOCOLS[config.protocol],
        augmentation=config.augmentation,
        seed=config.seed,
        size=config.crop_size,
    )
    sizes = [len(reader) for reader in training.reader.readers]
    draw = epoch_draw(
        config.sampling, config.dataset_weights, training.truth, sizes, seed=config.seed
    )
    num = len(epoch_order(len(dataset), seed=config.seed, epoch=0, draw=draw))
    if num < config.batch_size:
        raise InputError(
            f"{num} training samples do not fill a batch of {config.batch_size}; "
            "take more samples or a smaller batch"
        )
    return dataset, draw


def _train_epochs(
    loop: Loop, judge: Validation, *, stop_after: int | None, bar: rich.progress.Progress
) -> Scores | None:
    """Train epoch after epoch and score each; give the last scores."""
    state, scores = loop.state, None
    stop = sys.maxsize if stop_after is None else state.step + stop_after
    while state.epoch < loop.config.epochs and state.step < stop:
        _train_epoch(loop, stop=stop, bar=bar)
        if state.batch:  # stopped on the way
            break
        if loop.processes.is_first:
            scores = judge.run(state, loop.log, loop.board)
        _save(loop)
    if loop.board is not None:
        loop.board.close()
    return scores


def _train_epoch(loop: Loop, *, stop: int, bar: rich.progress.Progress) -> None:
    """Train to the end of the epoch, or to step `stop`; checkpoints on the way."""
    config, state = loop.config, loop.state
    batches = training_batches(
        loop.dataset,
        config.batch_size,
        seed=config.seed,
        epoch=state.epoch,
        first_batch=state.batch,
        draw=loop.draw,
        share=loop.processes.share(config.batch_size),
        workers=config.workers,
    )
    num_batches = state.batch + len(batches)
    task = bar.add_task("", total=num_batches, completed=state.batch)
    began = time.perf_counter()
    for crop in _until_damaged(batches, loop):
        waited = time.perf_counter() - began
        rate = learning_rate(state.step, num_batches, config.epochs, config.optim)
        losses = train_step(loop, crop, rate)
        seconds = time.perf_counter() - began
        times = {"seconds": seconds, "waited": waited}
        loop.log.write("step", step=state.step, epoch=state.epoch, rate=rate, **times, **losses)
        if loop.board is not None:
            loop.board.write("train", {"rate": rate, **losses}, state.step)
        state.step, state.batch = state.step + 1, state.batch + 1
        shown = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
        bar.update(task, advance=1, description=f"epoch {state.epoch + 1}/{config.epochs}  {shown}")
        is_last = state.batch == num_batches
        # The last of an epoch is for whoever is stopped while the epoch is scored.
        if is_last or state.step >= stop or state.batch % config.checkpoint_every == 0:
            _save(loop)
        if not is_last and state.step >= stop:
            return
        began = time.perf_counter()
    state.epoch, state.batch = state.epoch + 1, 0


def _save(loop: Loop) -> None:
    generators = loop.processes.gather_object(generator_states())
    if loop.processes.is_first:
        save_checkpoint(loop.out / CHECKPOINT, loop.state, generators)
    loop.processes.wait()


def _until_damaged(batches: Iterable[Crop], loop: Loop) -> Iterator[Crop]:
    """Give batch after batch; if one cannot be read, first save what was learned so far."""
    try:
        yield from batches
    except InputError:
        if loop.processes.number == 1:  # the others would not come to save theirs
            _save(loop)
        raise


@contextlib.contextmanager
def _told(loop: Loop) -> Iterator[None]:
    """Say at which step a run stopped, and how it goes on."""
    try:
        yield
    except InputError as error:
        goes_on = f"once that is mended, go on with haco train --resume {loop.out}"
        if not (loop.out / CHECKPOINT).exists():
            goes_on = "there is no checkpoint yet"
        raise InputError(f"stopped at step {loop.state.step}: {error}; {goes_on}") from error


def _bar(*, shown: bool) -> rich.progress.Progress:
    return rich.progress.Progress(
        rich.progress.MofNCompleteColumn(),
        rich.progress.BarColumn(bar_width=20),
        rich.progress.TimeRemainingColumn(),
        rich.progress.TextColumn("{task.description}"),
        disable=not shown,
    )
