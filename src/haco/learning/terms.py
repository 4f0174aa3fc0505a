"""What the training loss needs to know, gathered once: weights, tables, matrices."""

import dataclasses
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Integer, Shaped
from torch import Tensor, nn

from haco.geometry.mesh import propagation_matrix
from haco.learning.balance import Schedule, vcb_weight_table
from haco.learning.propagation import Propagation


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What each term of the training loss weighs; the paper's defaults, where it has one."""

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
    """Of the class weights: 0 equal, 1 inverse frequency."""
    vertex_share: float = 0.3
    """How far the last epoch's class weights are each vertex's own."""
    schedule: Schedule = "linear"
    """How the vertex share gets there: rising from 0, or constant."""
    learned_levels: bool = False
    """Whether the levels' weights are learned beside the network (as uncertainties), from those
    given. The trainer must then optimise the parameters of `LossTerms` too."""

    def __post_init__(self) -> None:
        """Refuse negative weights."""
        singles = (self.false_positives, self.regularisation, self.smoothness)
        if min(*self.levels, *singles, self.touch, self.keypoints) < 0:
            raise ValueError(f"no term of the loss may weigh less than 0, got {self}")


class LevelTerms(nn.Module):
    """What one resolution level needs: its class weights and, if coarse, its regressor."""

    def __init__(
        self,
        table: Float[Tensor, "epochs positions 2"],
        regressor: Float[Tensor, "positions vertices"] | None = None,
    ) -> None:
        super().__init__()
        self.register_buffer("table", table, persistent=False)
        self.register_buffer("regressor", regressor, persistent=False)
        self.table: Tensor
        self.regressor: Tensor | None


class LossTerms(nn.Module):
    """The constants of the training loss; move it to the network's device with `.to`."""

    def __init__(
        self,
        levels: Sequence[LevelTerms],
        mean: Float[Tensor, " vertices"],
        propagation: Propagation,
        weight: LossConfig,
    ) -> None:
        super().__init__()
        if len(levels) != len(weight.levels):
            raise ValueError(f"{len(levels)} levels cannot have {len(weight.levels)} weights")
        self._levels = nn.ModuleList(levels)
        self.register_buffer("mean", mean, persistent=False)
        self.mean: Tensor
        self.propagation = propagation
        self.weight = weight
        learned = torch.zeros(len(levels)) if weight.learned_levels else None
        self.log_variance = None if learned is None else nn.Parameter(learned)
        """Each level's loss is divided by the exponential of this, which itself is added."""

    @property
    def levels(self) -> tuple[LevelTerms, ...]:
        """Finest first."""
        return tuple(cast(LevelTerms, level) for level in self._levels)

    def level_weight(self, number: int) -> float | Tensor:
        """Say what a level weighs now."""
        weight = self.weight.levels[number]
        return weight if self.log_variance is None else weight * (-self.log_variance[number]).exp()


def build_loss_terms(
    negatives: Shaped[Tensor | np.ndarray, " vertices"],
    positives: Shaped[Tensor | np.ndarray, " vertices"],
    *,
    faces: Integer[Tensor | np.ndarray, "faces 3"],
    levels: Sequence[Float[Tensor, "_ vertices"]],
    epochs: int,
    config: LossConfig | None = None,
) -> LossTerms:
    """Gather the loss's constants from the counts of the training set and the hand.

    Args:
        negatives: How often each vertex does not touch, over the whole training set.
        positives: How often it does.
        faces: Of the open hand surface, `HandModel.faces`.
        levels: Regressors from the vertices to each coarse level, `HandModel.levels`.
        epochs: How many epochs the training has.
        config: What the terms weigh; None for the paper's.
    """
    config = LossConfig() if config is None else config
    negatives, positives = torch.as_tensor(negatives), torch.as_tensor(positives)
    regressors = (None, *(level.detach().float() for level in levels))
    level_terms = []
    for regressor in regressors:
        table = vcb_weight_table(
            negatives,
            positives,
            epochs=epochs,
            beta=config.beta,
            vertex_share=config.vertex_share,
            regressor=regressor,
            schedule=config.schedule,
        )
        level_terms.append(LevelTerms(table.float(), regressor))
    matrix = propagation_matrix(np.asarray(faces), len(positives))
    mean = positives.double() / (negatives + positives).clamp(min=1)
    return LossTerms(level_terms, mean.float(), Propagation(matrix), config)
