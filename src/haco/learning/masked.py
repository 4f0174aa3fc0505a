"""Averages over what is known, and logits turned to face the truth."""

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

Valid = Bool[Tensor, "batch *_"] | None
"""Which entries count: one a sample, one a position, or None for all."""


def known_entries(entries: Shaped[Tensor, "batch *positions"], valid: Valid) -> Tensor:
    """Spread `valid` to the shape of the entries."""
    if valid is None:
        return torch.ones_like(entries, dtype=torch.bool)
    return valid.reshape(valid.shape + (1,) * (entries.dim() - valid.dim())).expand_as(entries)


def mean_over(entries: Float[Tensor, "batch *positions"], valid: Valid) -> Float[Tensor, ""]:
    """Average the valid entries; 0 with a gradient where there is none."""
    if valid is None:
        return entries.mean()
    known = known_entries(entries, valid)
    return entries.where(known, entries.new_zeros(())).sum() / known.sum().clamp(min=1)


def wrongness(
    logits: Float[Tensor, "*shape"], target: Shaped[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Turn the logits so that large is wrong: -z for a yes, z for a no.

    The cross-entropy is its softplus, and the probability given to the wrong answer its sigmoid;
    neither loses digits.
    """
    return torch.where(target.bool(), -logits, logits)
