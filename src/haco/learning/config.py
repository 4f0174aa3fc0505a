"""What may be chosen about a training run; plain values, so that a command line can show them.

Nothing here imports torch. The string under each field is its help.
"""

import dataclasses
from typing import Annotated, Literal

import tyro

from haco.data.settings import Augmentation

Precision = Literal["float32", "bfloat16"]
ContactStart = Literal["mean", "random", "none"]
LossName = Literal[
    "vcb",
    "bce",
    "weighted_bce",
    "focal",
    "class_balanced",
    "asymmetric",
    "ldam",
    "balanced_softmax",
    "logit_adjustment",
    "vector_scaling",
    "distribution_balanced",
    "equalization",
    "seesaw",
    "poly1",
    "dice",
    "tversky",
    "focal_tversky",
    "lovasz_hinge",
    "equalization_v2",
    "equalized_focal",
    "ghm",
]
"""The vertex-level class-balanced loss, and all of `haco.learning.rivals.RIVALS`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Which loss of contact, and what each term weighs; the paper's, where it has one."""

    name: LossName = "vcb"
    """Loss of contact at each level; docs/losses.md says what each is."""
    levels: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    """One weight a level, finest first."""
    false_positives: float = 0.5
    """Of the probability given to negatives, at each level."""
    regularisation: float = 0.1
    """Of the distance from the set's mean contact."""
    smoothness: float = 1.0
    """Of the difference from what neighbours pass on."""
    touch: float = 0.1
    """Of the touch head's cross-entropy; ours."""
    keypoints: float = 0.5
    """Of the joints' distance as a fraction of the crop; ours."""
    beta: float = 0.9999
    """Of the class weights of `vcb`: 0 equal, 1 inverse frequency."""
    vertex_share: float = 0.3
    """How far the last epoch's class weights are each vertex's own."""
    schedule: Literal["linear", "constant"] = "linear"
    """How the vertex share gets there: rising from 0, or constant."""
    learned_levels: bool = False
    """Whether the levels' weights are learned beside the network (as uncertainties), from those
    given. The trainer must then optimise the parameters of `LossTerms` too."""

    def __post_init__(self) -> None:
        """Refuse negative weights."""
        singles = (self.false_positives, self.regularisation, self.smoothness)
        if min(*self.levels, *singles, self.touch, self.keypoints) < 0:
            raise ValueError(f"no term of the loss may weigh less than 0, got {self}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """Which samples an epoch shows."""

    balanced: bool = False
    """Balanced contact sampling: draw rare contact as often as common, anew each epoch."""
    mode: Literal["fixed", "reference"] = "fixed"
    """With balanced sampling: `reference` draws as the released system does, once for the whole
    training, each dataset by itself, without hands that touch nothing; it loses samples at the ends
    of the scores and refuses an empty bin. `untouched` has no say then."""
    untouched: float = 0.25
    """With balanced sampling: share of hands that touch nothing."""
    num_bins: int = 5
    """With balanced sampling: bins of the balance score."""
    curvature: float = 5.0
    """With balanced sampling: how much finer the bins are towards rare contact."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimConfig:
    """How the weights move."""

    learning_rate: float = 1e-3
    """Of AdamW, at its highest."""
    backbone_share: float = 1.0
    """Of the learning rate, that the backbone has; below 1 where it starts from trained weights."""
    layer_decay: float = 1.0
    """Of the learning rate, that each layer of the backbone keeps of the next one's (BEiT)."""
    schedule: Literal["cosine", "steps"] = "cosine"
    """How the learning rate falls: along half a cosine, or in steps at the milestones."""
    final_share: float = 0.01
    """With the cosine: share of the learning rate that is left at its end."""
    milestones: tuple[int, ...] = (5, 10)
    """With steps: epochs, from 0, at which the learning rate falls."""
    step_factor: float = 0.9
    """With steps: what the learning rate is multiplied by at each."""
    warm_up: float = 0.05
    """Share of all steps in which the learning rate rises from 0."""
    weight_decay: float = 0.05
    """On matrices and kernels; biases, norms and embeddings have none."""
    decay_everything: bool = False
    """Whether biases, norms and embeddings decay too, as in the paper's released training."""
    betas: tuple[float, float] = (0.9, 0.98)
    """Of AdamW's averages of the gradient and of its square."""
    clip: float = 1.0
    """Largest norm of the gradient; longer ones are shortened to it. 0 lets all pass."""
    ema: float = 0.998
    """Decay of the averaged weights, which are the ones evaluated and kept; 0 averages nothing."""

    def __post_init__(self) -> None:
        if not (self.learning_rate > 0 and self.clip >= 0 and self.step_factor > 0):
            raise ValueError(
                "learning_rate and step_factor must be above 0 and clip at least 0, "
                f"got {self.learning_rate}, {self.step_factor}, {self.clip}"
            )
        if not (0 <= self.backbone_share <= 1 and 0 < self.layer_decay <= 1):
            raise ValueError(
                "backbone_share must lie in 0..1 and layer_decay above 0 and at most 1, "
                f"got {self.backbone_share}, {self.layer_decay}"
            )
        if not (0 <= self.warm_up < 1 and 0 <= self.final_share <= 1 and 0 <= self.ema < 1):
            raise ValueError(
                "warm_up and ema must lie in 0..1 and below 1, final_share in 0..1, "
                f"got {self.warm_up}, {self.ema}, {self.final_share}"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run, whole."""

    network: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NETWORK")] = "tiny"
    """Name of the network."""
    initial_weights: str | None = None
    """What the backbone starts from: `public` for what `haco.models.pretrained.fetch_public` finds,
    or a file of weights; None draws them."""
    contact_start: ContactStart = "mean"
    """What the learned vector that is added to the contact logits starts from: `mean` lets an
    untrained network answer with the training set's mean contact, `random` is as released (standard
    normal), `none` leaves the vector out."""
    drop_path: float | None = None
    """How often a vision transformer's last block is skipped for a crop; earlier ones less, the
    first never. None leaves it as the network has it: 0.55 in `hamer`, 0 in others."""
    datasets: Annotated[tuple[str, ...], tyro.conf.arg(name="data")] = ("packed/full",)
    """What to train on, as `haco.open_dataset` names it; several are joined."""
    dataset_weights: Annotated[tuple[float, ...], tyro.conf.arg(name="data-weights")] = ()
    """How much of an epoch comes from each dataset, relative to one another; none given takes every
    sample once."""
    labels: tuple[str, ...] = ()
    """Where the contact of datasets with meshes comes from: a folder that `haco data label` wrote
    into, `released` for the label files that came with the paper, or `own` for what a dataset
    brings; one for all or one for each. None given: `own`. Other datasets always bring theirs."""
    dataset_options: Annotated[tuple[str, ...], tyro.conf.arg(name="data-options")] = ()
    """What else a dataset's reader takes, as NAME:KEY=VALUE, such as `dexycb/s0:stride=5`; `haco
    data about NAME` lists it."""
    unlabelled: Literal["refuse", "skip"] = "refuse"
    """What to do with hands of whose contact nothing is known: stop before training, or leave them
    out."""
    num_train: int | None = None
    """How many samples of each made picture set to train on; for `synthetic/...` only."""
    num_val: int | None = None
    """How many of each to validate on; for `synthetic/...` only."""
    protocol: str = "harmonised"
    """Contact protocol: how near is contact."""
    crop_size: int = 256
    """Pixels of a crop along each side, as the network wants it: 64 is enough for `lab`."""
    epochs: int = 8
    """Times through the data."""
    batch_size: int = 64
    """Crops a step, over all processes."""
    accumulate: int = 1
    """Pieces that each process cuts its share of a batch into, one after the other, to save memory.
    Each piece has a loss of its own; the step follows their mean."""
    seed: int = 0
    """Of weights, order, augmentation and dropout."""
    precision: Precision = "float32"
    """Of the network's arithmetic; bfloat16 is faster on machines that have it."""
    workers: int = 1
    """Processes that make crops; 0 makes them between the steps."""
    checkpoint_every: int = 500
    """Steps between checkpoints within an epoch; the end of each epoch has one anyway."""
    pictures: int = 4
    """Validation hands in the picture that each epoch leaves; 0 draws none."""
    augmentation: Augmentation | None = dataclasses.field(default_factory=Augmentation)
    """How training crops may differ from prediction's; None for not at all."""
    sampling: SamplingConfig = dataclasses.field(default_factory=SamplingConfig)
    """Which samples an epoch shows."""
    loss: LossConfig = dataclasses.field(default_factory=LossConfig)
    """What each term of the loss weighs."""
    optim: OptimConfig = dataclasses.field(default_factory=OptimConfig)
    """How the weights move."""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.workers < 0 or self.pictures < 0:
            raise ValueError(
                f"workers and pictures must be at least 0, got {self.workers}, {self.pictures}"
            )
        if not self.datasets:
            raise ValueError("training needs at least one dataset")
        weights = self.dataset_weights
        if weights and (
            len(weights) != len(self.datasets) or min(weights) < 0 or sum(weights) == 0
        ):
            raise ValueError(
                "dataset_weights must hold one weight a dataset, none below 0 and not all 0; got "
                f"{len(weights)} {weights} for {len(self.datasets)} datasets"
            )
        if len(self.labels) not in (0, 1, len(self.datasets)):
            raise ValueError(
                f"labels must be one for all datasets or one for each; got {len(self.labels)} for "
                f"{len(self.datasets)} datasets"
            )
        if self.drop_path is not None and not 0 <= self.drop_path < 1:
            raise ValueError(f"drop_path must lie in 0..1 and below 1, got {self.drop_path}")
