"""Training: one loop that can be killed at any moment and resumed to the same losses.

config = haco.RECIPES["debug"]
run = haco.train(config, out=Path("runs/first"))
run.model, run.scores
"""

import dataclasses
import logging
import math
import sys
import time
from pathlib import Path

import rich.progress
import torch

from haco.data.labels import Truth, truth_of
from haco.data.loading import CropDataset, Draw, training_batches
from haco.data.readers.common import Reader
from haco.data.statistics import count_contact
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.learning.checkpoint import Training, load_checkpoint, save_checkpoint, save_tensors
from haco.learning.config import TrainConfig
from haco.learning.draws import epoch_draw
from haco.learning.evaluate import Scores, evaluate
from haco.learning.losses import contact_loss
from haco.learning.optim import learning_rate, set_rate
from haco.learning.run_folder import (
    BEST,
    CHECKPOINT,
    LAST,
    MetricsLog,
    begin_run,
    check_run,
    run_command,
)
from haco.learning.start import open_split, start_training
from haco.models.contact_net import ContactNet
from haco.models.weights import WeightsMeta, load_weights, save_weights
from haco.types import Crop

logger = logging.getLogger(__name__)


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
        InputError: A dataset or the initial weights are missing, or `out` holds another run.
        FloatingPointError: A loss is not finite; the batch is kept in `out` for inspection.
    """
    training_set, validation_set = (open_split(config, roots, split) for split in ("train", "val"))
    check_run(out, config, resume=resume)
    seed_everything(config.seed)
    truth = truth_of(training_set, PROTOCOLS[config.protocol])
    has_checkpoint = (out / CHECKPOINT).exists()
    state = start_training(config, truth, torch.device(device), has_checkpoint=has_checkpoint)
    if has_checkpoint:
        load_checkpoint(out / CHECKPOINT, state)
    begin_run(out, config, roots=roots, device=device)
    log = MetricsLog(out, first_step=state.step)
    sizes = [len(reader) for reader in training_set.readers]
    draw = epoch_draw(config.sampling, config.dataset_weights, truth, sizes)
    stop = sys.maxsize if stop_after is None else state.step + stop_after
    scores = None
    with _bar(shown=progress) as bar:
        while state.epoch < config.epochs and state.step < stop:
            _train_epoch(state, config, training_set, draw, log, out, stop=stop, bar=bar)
            if state.batch:  # stopped on the way
                break
            scores = _validate(state, config, validation_set, truth, log, out)
            save_checkpoint(out / CHECKPOINT, state)
    is_finished = state.epoch == config.epochs
    best = out / BEST
    model = load_weights(best)[0] if best.exists() else state.average.network
    return Run(model=model, scores=scores, config=config, folder=out, is_finished=is_finished)


def _train_epoch(
    state: Training,
    config: TrainConfig,
    reader: Reader,
    draw: Draw | None,
    log: MetricsLog,
    out: Path,
    *,
    stop: int,
    bar: rich.progress.Progress,
) -> None:
    """Train to the end of the epoch, or to step `stop`; checkpoints on the way."""
    dataset = CropDataset(
        reader=reader,
        protocol=PROTOCOLS[config.protocol],
        augmentation=config.augmentation,
        seed=config.seed,
    )
    batches = training_batches(
        dataset,
        config.batch_size,
        seed=config.seed,
        epoch=state.epoch,
        first_batch=state.batch,
        draw=draw,
        workers=config.workers,
    )
    num_batches = state.batch + len(batches)
    if num_batches == 0:
        raise InputError(
            f"{len(dataset)} training samples do not fill a batch of {config.batch_size}; "
            "take more samples or a smaller batch"
        )
    task = bar.add_task("", total=num_batches, completed=state.batch)
    for crop in batches:
        rate = learning_rate(state.step, num_batches, config.epochs, config.optim)
        began = time.perf_counter()
        losses = _step(state, config, crop, rate, out)
        seconds = time.perf_counter() - began
        log.write("step", step=state.step, epoch=state.epoch, rate=rate, seconds=seconds, **losses)
        state.step, state.batch = state.step + 1, state.batch + 1
        shown = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
        bar.update(task, advance=1, description=f"epoch {state.epoch + 1}/{config.epochs}  {shown}")
        if state.step >= stop and state.batch < num_batches:
            save_checkpoint(out / CHECKPOINT, state)
            return
        if state.batch % config.checkpoint_every == 0:
            save_checkpoint(out / CHECKPOINT, state)
    state.epoch, state.batch = state.epoch + 1, 0


def _step(
    state: Training, config: TrainConfig, crop: Crop, rate: float, out: Path
) -> dict[str, float]:
    """Do one optimiser step and give the losses it saw."""
    crop = crop_to(crop, next(state.network.parameters()).device)
    state.network.train()
    half = config.precision == "bfloat16"
    with torch.autocast(crop.image.device.type, dtype=torch.bfloat16, enabled=half):
        logits = state.network(crop.image.float() / 255)
    total, parts = contact_loss(logits, crop, state.terms, state.epoch)
    names, values = ["loss", *parts], torch.stack([total.detach(), *parts.values()]).tolist()
    losses = dict(zip(names, values, strict=True))
    if not math.isfinite(losses["loss"]):
        kept = out / "not_finite.pt"
        save_tensors(kept, {"crop": dataclasses.asdict(crop), "losses": losses})
        raise FloatingPointError(
            f"the loss of step {state.step} is {losses['loss']}; its batch is kept in {kept}; "
            "resume from the last checkpoint with a lower learning rate"
        )
    set_rate(state.optimizer, rate)
    state.optimizer.zero_grad()
    total.backward()
    if config.optim.clip:
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), config.optim.clip)
    state.optimizer.step()
    state.average.update(state.network, state.step)
    return losses


def _validate(
    state: Training,
    config: TrainConfig,
    reader: Reader,
    truth: Truth,
    log: MetricsLog,
    out: Path,
) -> Scores:
    """Score the averaged weights at the end of an epoch, and keep them if they are the best."""
    scores = evaluate(
        state.average.network,
        reader,
        protocol=config.protocol,
        mean_map=count_contact(truth.contact, truth.valid).mean,
        batch_size=config.batch_size,
        workers=config.workers,
    )
    named = scores.as_dict()
    logger.info("epoch %d of %d\n%s", state.epoch, config.epochs, scores)
    log.write("epoch", step=state.step - 1, epoch=state.epoch - 1, **named)
    meta = WeightsMeta(
        network=config.network,
        protocol=config.protocol,
        command=run_command(out),
        picture_set=", ".join(config.datasets),
        seed=config.seed,
        scores=named,
    )
    kept = [LAST]
    if named["average_precision"] > state.best:
        state.best, kept = named["average_precision"], [LAST, BEST]
    for name in kept:
        save_weights(out / name, state.average.network, meta, is_half=False)
    return scores


def crop_to(crop: Crop, device: torch.device) -> Crop:
    """Move a batch to a device."""
    fields = {field.name: getattr(crop, field.name) for field in dataclasses.fields(crop)}
    return Crop(**{name: value.to(device, non_blocking=True) for name, value in fields.items()})


def _bar(*, shown: bool) -> rich.progress.Progress:
    return rich.progress.Progress(
        rich.progress.MofNCompleteColumn(),
        rich.progress.BarColumn(bar_width=20),
        rich.progress.TimeRemainingColumn(),
        rich.progress.TextColumn("{task.description}"),
        disable=not shown,
    )
