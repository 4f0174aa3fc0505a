"""Studies: which training runs are compared, and in what they differ. Plain values, no torch."""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

from haco.data.settings import Augmentation
from haco.learning.config import LossConfig, OptimConfig, TrainConfig


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

    question: str
    """What it finds out, in a few words."""
    variants: Mapping[str, TrainConfig]
    """The runs by name; each is done once a seed, which replaces the config's own."""
    picture_sets: tuple[str, ...] = ("easy",)
    """What is drawn for them."""
    picture_size: int = 96
    """Pixels of a drawn picture along each side."""


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
        augmentation=Augmentation(
            scale=0.15,
            rotation_probability=0.3,
            shift=0.05,
            zoom_probability=0.0,
            low_resolution_probability=0.0,
            motion_blur_probability=0.0,
            noise_probability=0.0,
            jpeg_probability=0.0,
        ),
        loss=LossConfig(regularisation=0.0, smoothness=0.0, touch=0.3, keypoints=2.0),
        optim=OptimConfig(learning_rate=2e-3, ema=0.99),
    )


def _losses(size: StudySize) -> Study:
    base = base_config(size)
    # The penalty on false positives is a part of the paper's own loss, not of its rivals.
    bare = dataclasses.replace(base.loss, false_positives=0.0)
    losses = {
        "CE": dataclasses.replace(bare, name="bce"),
        "focal": dataclasses.replace(bare, name="focal"),
        "CB": dataclasses.replace(bare, name="class_balanced"),
        "asymmetric": dataclasses.replace(bare, name="asymmetric"),
        "LDAM": dataclasses.replace(bare, name="ldam"),
        "VCB": base.loss,
    }
    return Study(
        question="which loss of contact",
        variants={name: dataclasses.replace(base, loss=loss) for name, loss in losses.items()},
    )


STUDIES: Mapping[str, Callable[[StudySize], Study]] = MappingProxyType({"losses": _losses})
"""All studies by name; each is made for a size."""
