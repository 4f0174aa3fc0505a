"""Which samples an epoch shows: each once, rare contact more often, or so much of each dataset."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from haco.data.labels import Truth
from haco.data.loading import Draw
from haco.data.sampling import balance_scores, draw_balanced
from haco.data.statistics import count_contact
from haco.learning.config import SamplingConfig


def epoch_draw(
    sampling: SamplingConfig, weights: Sequence[float | int], truth: Truth, sizes: Sequence[int]
) -> Draw | None:
    """Give the draw of a run, to be made anew each epoch; None takes each sample once.

    Args:
        sampling: Whether and how to balance contact.
        weights: How much of an epoch comes from each dataset; empty to join them as one.
        truth: Of all samples, dataset after dataset.
        sizes: How many samples each dataset has.
    """
    if not weights:
        return _draw(sampling, truth, None) if sampling.balanced else None
    ends = list(itertools.accumulate(sizes, initial=0))
    wanted = [round(weight / sum(weights) * ends[-1]) for weight in weights]
    parts = [
        (start, _draw(sampling, Truth(truth.contact[start:end], truth.valid[start:end]), number))
        for start, end, number in zip(ends[:-1], ends[1:], wanted, strict=True)
        if number
    ]
    return lambda rng: np.concatenate([start + draw(rng) for start, draw in parts])


def _draw(sampling: SamplingConfig, truth: Truth, number: int | None) -> Draw:
    """Draw `number` samples of one dataset, or as many as there are."""
    if not sampling.balanced:
        return lambda rng: _draw_evenly(len(truth.contact), number or len(truth.contact), rng)
    scores = balance_scores(truth.contact, count_contact(truth.contact, truth.valid).mean)
    size = None if number is None else max(1, round(number * (1 - sampling.untouched)))
    return lambda rng: draw_balanced(
        scores,
        rng,
        num_bins=sampling.num_bins,
        curvature=sampling.curvature,
        size=size,
        untouched=sampling.untouched,
    )


def _draw_evenly(num: int, number: int, rng: np.random.Generator) -> Int64[np.ndarray, " drawn"]:
    """Take each of `num` samples equally often, give or take one, `number` in all."""
    whole, rest = divmod(number, num)
    return np.concatenate([np.tile(np.arange(num), whole), rng.permutation(num)[:rest]])
