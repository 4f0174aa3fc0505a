"""What the training loss needs to know, gathered once: weights, tables, matrices."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Integer, Shaped
from torch import Tensor, nn

from haco.geometry.mesh import propagation_matrix
from haco.learning.balance import vcb_weight_table
from haco.learning.config import LossConfig
from haco.learning.fused import Propagation, sparse_rows
from haco.learning.rivals import Rival, make_rival


class LevelTerms(nn.Module):
    """What one resolution level needs: its class weights or another loss and, if coarse, a map."""

    def __init__(
        self,
        table: Float[Tensor, "epochs positions 2"],
        regressor: Float[Tensor, "positions vertices"] | None = None,
        *,
        rival: Rival | None = None,
        counts: Float[Tensor, "positions 2"] | None = None,
    ) -> None:
        """Keep the parts.

        Args:
            table: Class weights of each epoch.
            regressor: Takes the vertices to this level; None at the vertices themselves.
            rival: Stands in for the balanced cross-entropy, of which the table is a part.
            counts: Negatives and positives, for the rival.
        """
        super().__init__()
        self.register_buffer("table", table, persistent=False)
        self.register_buffer("regressor", regressor, persistent=False)
        self.register_buffer("counts", counts, persistent=False)
        self.table: Tensor
        self.regressor: Tensor | None
        self.counts: Tensor | None
        self.rival = rival


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
        self.used = [number for number, share in enumerate(weight.levels) if share]
        """The levels that weigh anything."""
        share = torch.tensor([weight.levels[number] for number in self.used])
        self.register_buffer("share", share, persistent=False)
        self.share: Tensor
        tables = [levels[number].table for number in self.used]
        self.register_buffer("table", torch.cat(tables, 1) if tables else None, persistent=False)
        self.table: Tensor | None
        """The class weights of the used levels, one beside the other."""
        coarse = [level.regressor for level in levels if level.regressor is not None]
        joined = sparse_rows(torch.cat(coarse)) if coarse else None
        self.register_buffer("regressor", joined, persistent=False)
        self.regressor: Tensor | None
        """From the vertices to the positions of all coarse levels."""
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

    def level_weights(self) -> Float[Tensor, " used"]:
        """Say what each of the used levels weighs now."""
        if self.log_variance is None:
            return self.share
        return self.share * (-self.log_variance[self.used]).exp()


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
        config: Which loss, and what the terms weigh; None for the paper's. A rival stands in for
            the balanced cross-entropy at each level, with its own settings. It sees each count
            plus one, so that a vertex which never touches has finite odds. The other terms stay
            as the config weighs them, the false positives too.
    """
    config = LossConfig() if config is None else config
    negatives, positives = torch.as_tensor(negatives), torch.as_tensor(positives)
    regressors = (None, *(level.detach().float() for level in levels))
    counts = torch.stack([negatives, positives], dim=-1).double() + 1
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
        level_counts = counts if regressor is None else regressor.double() @ counts
        loss = None if config.name == "vcb" else make_rival(config.name, len(level_counts))
        level_terms.append(
            LevelTerms(table.float(), regressor, rival=loss, counts=level_counts.float())
        )
    matrix = propagation_matrix(np.asarray(faces), len(positives))
    mean = positives.double() / (negatives + positives).clamp(min=1)
    return LossTerms(level_terms, mean.float(), Propagation(matrix), config)
