"""Studies: which training runs are compared, and in what they differ. Plain values, no torch."""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from haco.data.settings import GENTLE_AUGMENTATION
from haco.learning.config import LossConfig, OptimConfig, SamplingConfig, TrainConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudySize:
    """How large every run of a study is; the default takes a few minutes on one core."""

    num_train: int = 2000
    """Pictures of each set to train on."""
    num_val: int = 400
    """Pictures of each set that choose epoch and threshold."""
    num_test: int = 1500
    """Pictures of each set that are scored."""
    epochs: int = 8
    """Times through the training pictures."""

    def __post_init__(self) -> None:
        """Refuse to train or score on nothing."""
        if min(dataclasses.astuple(self)) < 1:
            raise ValueError(f"every number of a study's size must be at least 1, got {self}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Study:
    """Runs that differ in one thing."""

    name: str
    """A key of `STUDIES`."""
    question: str
    """What it finds out, in a few words."""
    variants: Mapping[str, TrainConfig]
    """The runs by name; each is done once a seed, which replaces the config's own."""
    scored_on: str | None = None
    """Picture set that chooses every run's threshold and scores it; None: what it is trained on."""
    picture_size: int = 96
    """Pixels of a drawn picture along each side."""

    def pictures(self) -> list[tuple[str, Literal["train", "val", "test"]]]:
        """List the picture sets that are drawn for the runs, each with its split."""
        trained = {data for config in self.variants.values() for data in config.datasets}
        sets = sorted(data.removeprefix("packed/") for data in trained)
        scored = sets if self.scored_on is None else [self.scored_on]
        validated = sorted({*sets, *scored})
        return [
            *((name, "train") for name in sets),
            *((name, "val") for name in validated),
            *((name, "test") for name in scored),
        ]


def base_config(size: StudySize) -> TrainConfig:
    """Give the run that the studies vary: `lab` on `easy` pictures, with the paper's loss.

    Regularisation and smoothness are left out, so that what is compared does not compete with
    them; the side tasks stay, without which so small a network learns little.
    """
    return TrainConfig(
        network="lab",
        datasets=("packed/easy",),
        crop_size=64,
        epochs=size.epochs,
        batch_size=32,
        workers=0,
        pictures=0,
        augmentation=GENTLE_AUGMENTATION,
        loss=LossConfig(regularisation=0.0, smoothness=0.0, touch=0.3, keypoints=2.0),
        optim=OptimConfig(learning_rate=2e-3, ema=0.99),
    )


def _losses(size: StudySize) -> Study:
    # The penalty on false positives is a part of the paper's own loss, not of its rivals.
    names = {
        "CE": "bce",
        "focal": "focal",
        "CB": "class_balanced",
        "asymmetric": "asymmetric",
        "LDAM": "ldam",
    }
    rivals = {name: {"name": loss, "false_positives": 0.0} for name, loss in names.items()}
    return Study(
        name="losses",
        question="which loss of contact",
        variants=_with_losses(base_config(size), {**rivals, "VCB": {}}),
    )


def _levels(size: StudySize) -> Study:
    # The weights always sum to four, so that the side tasks weigh the same beside them.
    losses = {
        "778": {"levels": (4.0, 0.0, 0.0, 0.0)},
        "778 + 336": {"levels": (2.0, 2.0, 0.0, 0.0)},
        "778 + 84": {"levels": (2.0, 0.0, 2.0, 0.0)},
        "778 + 21": {"levels": (2.0, 0.0, 0.0, 2.0)},
        "all four": {},
        "all four, learned": {"learned_levels": True},
    }
    return Study(
        name="levels",
        question="which resolution levels the loss looks at",
        variants=_with_losses(base_config(size), losses),
    )


def _schedule(size: StudySize) -> Study:
    losses = {
        "0": {"vertex_share": 0.0},
        "0.3, constant": {"schedule": "constant"},
        "0.3, rising": {},
        "1, constant": {"vertex_share": 1.0, "schedule": "constant"},
        "1, rising": {"vertex_share": 1.0},
    }
    return Study(
        name="schedule",
        question="how far the class weights are each vertex's own",
        variants=_with_losses(base_config(size), losses),
    )


def _terms(size: StudySize) -> Study:
    base = base_config(size)
    paper = LossConfig()
    full = {"regularisation": paper.regularisation, "smoothness": paper.smoothness}
    losses = {
        "all": full,
        "no regularisation": full | {"regularisation": 0.0},
        "no smoothness": full | {"smoothness": 0.0},
        "no false positives": full | {"false_positives": 0.0},
    }
    variants = _with_losses(base, losses)
    everything = variants["all"]
    return Study(
        name="terms",
        question="what each term of the loss is worth, left out by itself",
        variants={
            **variants,
            "random start": dataclasses.replace(everything, contact_start="random"),
            "no start": dataclasses.replace(everything, contact_start="none"),
        },
    )


def _bcs(size: StudySize) -> Study:
    base = base_config(size)
    fixed = SamplingConfig(balanced=True)
    samplings = {
        "none": SamplingConfig(),
        "reference": SamplingConfig(balanced=True, mode="reference"),
        "fixed": fixed,
        "fixed, touching only": dataclasses.replace(fixed, untouched=0.0),
        "fixed, 3 bins": dataclasses.replace(fixed, num_bins=3),
        "fixed, 10 bins": dataclasses.replace(fixed, num_bins=10),
        "fixed, curvature 1": dataclasses.replace(fixed, curvature=1.0),
        "fixed, curvature 20": dataclasses.replace(fixed, curvature=20.0),
    }
    return Study(
        name="bcs",
        question="which samples an epoch shows",
        variants={
            name: dataclasses.replace(base, sampling=sampling)
            for name, sampling in samplings.items()
        },
    )


def _data(size: StudySize) -> Study:
    base = base_config(size)
    sets = {"objects": "ho", "hands": "hh", "scenes": "hs", "bodies": "hb", "together": "mixed"}
    return Study(
        name="data",
        question="what the hands in the training pictures touch",
        variants={
            name: dataclasses.replace(base, datasets=(f"packed/{picture_set}",))
            for name, picture_set in sets.items()
        },
        scored_on="mixed",
    )


def _backbones(size: StudySize) -> Study:
    # One gentle learning rate for all, which transformers bear too. All start from random weights
    # but `tiny`, whose first blocks are not trained and make no sense at random.
    base = base_config(size)
    base = dataclasses.replace(
        base, crop_size=256, optim=dataclasses.replace(base.optim, learning_rate=5e-4)
    )
    networks = ("lab", "tiny", "resnet-18", "resnet-50", "hrnet-w32", "vit-s-16", "small")
    return Study(
        name="backbones",
        question="which network sees the hand",
        variants={
            name: dataclasses.replace(
                base, network=name, initial_weights="public" if name == "tiny" else None
            )
            for name in networks
        },
        picture_size=256,
    )


def _with_losses(
    base: TrainConfig, changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, TrainConfig]:
    """Give one run a name, each with the base's loss but for the fields that are named."""
    return {
        name: dataclasses.replace(base, loss=dataclasses.replace(base.loss, **changed))
        for name, changed in changes.items()
    }


STUDIES: Mapping[str, Callable[[StudySize], Study]] = MappingProxyType(
    {
        "losses": _losses,
        "bcs": _bcs,
        "levels": _levels,
        "schedule": _schedule,
        "terms": _terms,
        "data": _data,
        "backbones": _backbones,
    }
)
"""All studies by name; each is made for a size."""
