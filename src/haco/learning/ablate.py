"""Run a study: draw its pictures once, train each variant under several seeds, score every run.

What is finished is never done again: each run's folder ends with `result.json`, and a run that was
stopped before goes on from its last checkpoint.
"""

import dataclasses
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from haco.data.labels import truth_of
from haco.data.packing import pack_synthetic
from haco.data.readers.common import Reader
from haco.data.readers.synthetic import open_synthetic
from haco.data.statistics import count_contact
from haco.files import InputError, write_atomically
from haco.geometry.contact import PROTOCOLS
from haco.learning.config import TrainConfig
from haco.learning.config_file import read_config
from haco.learning.run_folder import CONFIG
from haco.learning.run_scores import score_run
from haco.learning.sources import open_split
from haco.learning.studies import STUDIES, Study, StudySize
from haco.learning.train import train
from haco.models.contact_net import ContactNet
from haco.types import Split

logger = logging.getLogger(__name__)

RESULT = "result.json"
Report = Callable[[str, int, int], None]
"""Called with what was just done, how many runs are done, and how many there are."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunResult:
    """One finished run of a study."""

    variant: str
    seed: int
    scores: dict[str, float]
    """By the names of what scored it."""


@runtime_checkable
class ScoreRun(Protocol):
    """Scores the network of a finished run; `haco.learning.run_scores.score_run` is one."""

    def __call__(
        self,
        model: ContactNet,
        validation: Reader,
        test: Reader,
        *,
        mean_map: Float[np.ndarray, " vertices"],
        protocol: str,
        crop_size: int,
    ) -> dict[str, float]:
        """Score a network on test; whatever must be chosen, validation chooses."""
        ...


def make_study(name: str, size: StudySize, *, only: Sequence[str] = ()) -> Study:
    """Make a study by name.

    Args:
        name: A key of `STUDIES`.
        size: How large its runs are.
        only: Variants to keep; none keeps all.

    Raises:
        InputError: No such study, or no such variant.
    """
    if name not in STUDIES:
        raise InputError(f"no study is called '{name}'; choose of {', '.join(STUDIES)}")
    study = STUDIES[name](size)
    unknown = [variant for variant in only if variant not in study.variants]
    if unknown:
        raise InputError(
            f"the study '{name}' has no variant '{unknown[0]}'; it has {', '.join(study.variants)}"
        )
    kept = {variant: study.variants[variant] for variant in (only or study.variants)}
    return dataclasses.replace(study, variants=kept)


def ablate(
    study: Study,
    size: StudySize,
    *,
    seeds: int,
    out: Path,
    device: str = "cpu",
    report: Report | None = None,
    score: ScoreRun = score_run,
    result_name: str = RESULT,
) -> list[RunResult]:
    """Do all runs of a study that are not done yet, seed by seed.

    Args:
        study: What to compare.
        size: How many pictures to draw; the one that the study was made for.
        seeds: Each variant is trained with seeds `0 .. seeds - 1`.
        out: Folder of pictures and runs. Studies may share it: the pictures are drawn once.
        device: Where to compute, as torch names it.
        report: Hears of every finished run.
        score: Scores each.
        result_name: File in a run's folder that keeps its scores; one for each way to score.

    Returns:
        The results, seed by seed, each in the order of the variants.

    Raises:
        InputError: `out` holds other pictures, or other runs of these names.
    """
    if seeds < 1:
        raise InputError(f"an ablation needs at least one seed, got {seeds}")
    pictures = pictures_folder(out, study)
    draw_pictures(study, size, pictures)
    results = []
    total = seeds * len(study.variants)
    for seed in range(seeds):
        for variant, config in study.variants.items():
            seeded = dataclasses.replace(config, seed=seed)
            folder = run_folder(out, study, variant, seeded)
            if not (folder / result_name).exists():
                model = _train(seeded, folder, pictures, device)
                scores = _score(study, seeded, model, pictures, score)
                result = RunResult(variant=variant, seed=seed, scores=scores)
                with write_atomically(folder / result_name) as part:
                    part.write_text(json.dumps(dataclasses.asdict(result), indent=2) + "\n")
            kept = json.loads((folder / result_name).read_text())
            result = RunResult(**(kept | {"variant": variant}))
            results.append(result)
            if report is not None:
                report(f"{variant}, seed {seed}", len(results), total)
    return results


def draw_pictures(study: Study, size: StudySize, folder: Path) -> None:
    """Pack the pictures of a study, unless they are there; a killed packing goes on."""
    numbers: dict[Split, int] = {
        "train": size.num_train,
        "val": size.num_val,
        "test": size.num_test,
    }
    for picture_set, split in study.pictures():
        pack_synthetic(
            folder / f"{picture_set}-{split}",
            picture_set,
            open_synthetic(None, split, picture_set).seed,
            numbers[split],
            study.picture_size,
            workers=1,
        )


def pictures_folder(out: Path, study: Study) -> Path:
    """Say where the pictures of a study lie; studies with pictures of one size share them."""
    return out / f"pictures-{study.picture_size}"


def run_folder(out: Path, study: Study, variant: str, config: TrainConfig) -> Path:
    """Say where a run lies: by its name, or where another study has made the very same run.

    Raises:
        InputError: A run of this name lies there that has another config.
    """
    name = f"{study.name}-{variant}-{config.seed}".replace(" ", "-").replace(",", "")
    own = out / "runs" / name
    for folder in (own, *sorted((out / "runs").glob(f"*-{config.seed}"))):
        if (folder / CONFIG).exists() and read_config(folder / CONFIG) == config:
            return folder
    if (own / CONFIG).exists():
        raise InputError(f"{own}: a run with another config lies here; choose another folder")
    return own


def _train(config: TrainConfig, folder: Path, pictures: Path, device: str) -> ContactNet:
    """Train a run, or go on with one that was begun."""
    begun = (folder / CONFIG).exists()
    run = train(config, out=folder, roots=pictures, resume=begun, device=device, progress=False)
    return run.model


def _score(
    study: Study, config: TrainConfig, model: ContactNet, pictures: Path, score: ScoreRun
) -> dict[str, float]:
    """Score a trained run on what the study is scored on."""
    training = open_split(config, pictures, "train")
    scored = config
    if study.scored_on is not None:
        scored = dataclasses.replace(config, datasets=(f"packed/{study.scored_on}",))
    validation, test = (open_split(scored, pictures, split) for split in ("val", "test"))
    truth = truth_of(training, PROTOCOLS[config.protocol])
    return score(
        model,
        validation,
        test,
        mean_map=count_contact(truth.contact, truth.valid).mean,
        protocol=config.protocol,
        crop_size=config.crop_size,
    )
