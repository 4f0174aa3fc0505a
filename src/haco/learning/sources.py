"""The datasets of a run: opened with their labels, and without hands of which nothing is known."""

import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from haco.data.choice import parse_options, root_of
from haco.data.index import READERS, open_dataset
from haco.data.label_store import FAULTS, Labelled
from haco.data.labels import Truth, truth_of
from haco.data.readers.chosen import ChosenReader, RememberedReader
from haco.data.readers.common import Reader
from haco.data.readers.joined import JoinedReader
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.learning.config import TrainConfig
from haco.types import Split

logger = logging.getLogger(__name__)

_REMEMBERED = 400
"""Made pictures of a set that are kept in memory at most: 80 MB of 256 x 256 pixels."""


class Known(NamedTuple):
    """Hands, and the truth of each."""

    reader: JoinedReader
    truth: Truth


def open_split(config: TrainConfig, roots: Path, split: Split) -> JoinedReader:
    """Open one split of all datasets of a run, one after another.

    Args:
        config: Names the datasets, their labels and options.
        roots: Folder that the datasets lie in, each under its own name; packed ones under theirs.
        split: Which part.

    Raises:
        InputError: A dataset, its labels or an option is missing or unknown, or it is empty.
    """
    if config.protocol not in PROTOCOLS:
        raise InputError(f"protocol '{config.protocol}' is unknown; say {', '.join(PROTOCOLS)}")
    for word in config.dataset_options:
        if word.partition(":")[0] not in config.datasets:
            datasets = ", ".join(config.datasets)
            raise InputError(f"option '{word}': write NAME:KEY=VALUE, where NAME is of {datasets}")
    return JoinedReader(
        tuple(_open(config, place, roots, split) for place in range(len(config.datasets)))
    )


def _open(config: TrainConfig, place: int, roots: Path, split: Split) -> Reader:
    name = config.datasets[place]
    words = [word.partition(":") for word in config.dataset_options]
    options: dict[str, Any] = parse_options(name, [rest for key, _, rest in words if key == name])
    num = {"train": config.num_train, "val": config.num_val}.get(split)
    is_made = name.startswith("synthetic")
    if is_made and num is not None:
        options["num"] = num
    reader = open_dataset(
        name, root_of(name, roots), split=split, labels=_labels(config, place), **options
    )
    if len(reader) == 0:
        raise InputError(f"{name}: its split {split} has no sample; choose another dataset")
    return RememberedReader(reader) if is_made and len(reader) <= _REMEMBERED else reader


def _labels(config: TrainConfig, place: int) -> str | None:
    """Say where the labels of a dataset are; None leaves it to its own."""
    if not config.labels:
        return None
    said = config.labels[place if len(config.labels) > 1 else 0]
    has_meshes = hasattr(READERS.get(config.datasets[place].partition("/")[0]), "scene")
    return None if said == "own" or not (said == "released" or has_meshes) else said


def known_hands(reader: JoinedReader, config: TrainConfig, split: Split) -> Known:
    """Leave out the hands of whose contact nothing is known, or refuse to.

    Args:
        reader: As `open_split` gives it.
        config: Says what to do with them.
        split: What to call the part in messages.

    Raises:
        InputError: There are some and the config refuses them, or there are no others.
    """
    readers, truths = [], []
    for name, part in zip(config.datasets, reader.readers, strict=True):
        truth = truth_of(part, PROTOCOLS[config.protocol])
        known = truth.valid.any(axis=1)
        _check_known(f"{name} {split}", part, known, config)
        if not known.all():
            part = ChosenReader(part, np.flatnonzero(known))
            truth = Truth(truth.contact[known], truth.valid[known])
        readers.append(part)
        truths.append(truth)
    joined = Truth(*(np.concatenate(rows) for rows in zip(*truths, strict=True)))
    return Known(JoinedReader(tuple(readers)), joined)


def _check_known(name: str, reader: Reader, known: np.ndarray, config: TrainConfig) -> None:
    faulty, where = 0, ""
    if isinstance(reader, Labelled):
        faulty = len(reader.store) - len(reader)
        where = f" ({reader.store.folder / FAULTS} names those that cannot be used)"
    left_out, num = faulty + int((~known).sum()), faulty + len(known)
    if left_out == 0:
        return
    said = f"{name}: nothing is known of the contact of {left_out} of {num} hands{where}"
    if left_out == num:
        raise InputError(
            f"{said}; compute it with haco data label, and name its folder with --labels"
        )
    if config.unlabelled == "refuse":
        raise InputError(f"{said}; label them, or leave them out with --unlabelled skip")
    logger.warning("%s; they are left out", said)
