"""Class weights for the vertex-level class-balanced loss: rare contact weighs more.

The weights come from how often each position is positive, blended between the whole set and the
position itself as training goes on (HACO, arXiv 2505.11152; the weight of a count is that of Cui
et al., arXiv 1901.05555). They hold for any dense yes/no prediction, not only for hands.
"""

import math
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64, Shaped
from torch import Tensor

from haco.data.statistics import count_contact

Schedule = Literal["linear", "constant"]


def vertex_counts(
    contact: Shaped[Tensor | np.ndarray, "samples vertices"],
    *,
    valid: Shaped[Tensor | np.ndarray, "samples vertices"] | None = None,
) -> tuple[Int64[Tensor, " vertices"], Int64[Tensor, " vertices"]]:
    """Count how often each vertex does not touch, and how often it does.

    Args:
        contact: 0 or 1 (or bool); any other value is not counted.
        valid: True where the labels speak; None means everywhere.

    Returns:
        Negatives and positives. For a stream of batches, use `haco.data.statistics`.
    """
    known = None if valid is None else np.asarray(valid).astype(bool)
    counted = count_contact(np.asarray(contact), known)
    return torch.from_numpy(counted.negatives), torch.from_numpy(counted.positives)


def class_weights(
    counts: Shaped[Tensor, "*positions 2"], *, beta: float = 0.9999
) -> Float64[Tensor, "*positions 2"]:
    """Turn pairs of counts into pairs of weights that sum to one.

    Args:
        counts: How many negatives, how many positives; above 0.
        beta: 0 gives equal weights, 1 inverse frequencies; between them the inverse of the
            effective number (1 - beta^n) / (1 - beta).
    """
    if not 0 <= beta <= 1:
        raise ValueError(f"beta must lie between 0 and 1, got {beta}")
    counts = counts.double()
    if not (counts > 0).all():
        raise ValueError(
            f"every count must be above 0 to have a weight, got {counts.min():g}; "
            "raise the floor, or look for an empty row in the regressor"
        )
    if beta == 0:
        effective = torch.ones_like(counts)
    elif beta == 1:
        effective = counts
    else:
        effective = -torch.expm1(counts * math.log(beta)) / (1 - beta)
    weights = 1 / effective
    return weights / weights.sum(dim=-1, keepdim=True)


def blended_counts(
    negatives: Shaped[Tensor | np.ndarray, " vertices"],
    positives: Shaped[Tensor | np.ndarray, " vertices"],
    vertex_share: float | int,
    *,
    total: float | int = 1000,
    floor: float | int = 20,
) -> Float64[Tensor, "vertices 2"]:
    """Blend each vertex's counts with those of the whole set, at a fixed total.

    Args:
        negatives: How often each vertex does not touch.
        positives: How often it does.
        vertex_share: 0 for the whole set's counts everywhere, 1 for each vertex's own.
        total: What each pair sums to.
        floor: No count falls below this before the pair is scaled to `total` again.
    """
    counts = torch.stack([torch.as_tensor(negatives), torch.as_tensor(positives)], dim=-1).double()
    own = total * counts / counts.sum(dim=-1, keepdim=True).clamp(min=1e-6)
    everywhere = counts.sum(dim=0)
    whole = total * everywhere / everywhere.sum().clamp(min=1e-6)
    blended = (vertex_share * own + (1 - vertex_share) * whole).clamp(min=floor)
    return total * blended / blended.sum(dim=-1, keepdim=True)


def vcb_weight_table(
    negatives: Shaped[Tensor | np.ndarray, " vertices"],
    positives: Shaped[Tensor | np.ndarray, " vertices"],
    *,
    epochs: int,
    beta: float = 0.9999,
    vertex_share: float | int = 0.3,
    total: float | int = 1000,
    floor: float | int = 20,
    regressor: Float[Tensor | np.ndarray, "coarse vertices"] | None = None,
    schedule: Schedule = "linear",
) -> Float64[Tensor, "epochs positions 2"]:
    """Make the class weights of every epoch: entry [e, k] weighs the negatives and positives of k.

    Args:
        negatives: How often each vertex does not touch, over the whole training set.
        positives: How often it does.
        epochs: How many epochs the training has.
        beta: As in `class_weights`.
        vertex_share: How far the last epoch's counts are the vertex's own instead of the set's.
        total: As in `blended_counts`.
        floor: As in `blended_counts`.
        regressor: Takes vertices to a coarse level, whose counts it makes after blending; its rows
            are used as they are, so a row that does not sum to one scales its counts.
        schedule: `linear` raises the vertex share from 0 in the first epoch to `vertex_share` in
            the last; `constant` has it from the start.
    """
    if epochs < 1:
        raise ValueError(f"a weight table needs at least one epoch, got {epochs}")
    shares = np.linspace(0 if schedule == "linear" else vertex_share, vertex_share, epochs)
    table = []
    for share in shares:
        counts = blended_counts(negatives, positives, float(share), total=total, floor=floor)
        if regressor is not None:
            counts = torch.as_tensor(regressor).to(counts) @ counts
        table.append(class_weights(counts, beta=beta))
    return torch.stack(table)


def weights_at(
    table: Float[Tensor, "epochs positions 2"], epoch: int
) -> Float[Tensor, "positions 2"]:
    """Take an epoch's weights; epochs after the last have the last one's."""
    if epoch < 0:
        raise ValueError(f"epochs count from 0, got {epoch}")
    return table[min(epoch, len(table) - 1)]
