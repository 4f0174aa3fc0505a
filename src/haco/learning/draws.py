"""Which samples an epoch shows: each once, rare contact more often, or so much of each dataset."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64

from haco.data.labels import Truth
from haco.data.loading import Draw
from haco.data.sampling import balance_scores, draw_balanced, draw_balanced_per_dataset
from haco.data.statistics import count_contact
from haco.files import InputError
from haco.learning.config import SamplingConfig

_REFERENCE = 2  # What a generator is for; part of its seed, as in `haco.data.loading`.


def epoch_draw(
    sampling: SamplingConfig,
    weights: Sequence[float | int],
    truth: Truth,
    sizes: Sequence[int],
    *,
    seed: int = 0,
) -> Draw | None:
    """Give the draw of a run, to be made anew each epoch; None takes each sample once.

    Args:
        sampling: Whether and how to balance contact.
        weights: How much of an epoch comes from each dataset; empty to join them as one.
        truth: Of all samples, dataset after dataset.
        sizes: How many samples each dataset has.
        seed: Of a draw that is made once for all epochs.

    Raises:
        InputError: The `reference` draw cannot be made of this data, or with weights.
    """
    if sampling.balanced and sampling.mode == "reference":
        return _reference_draw(sampling, weights, truth, sizes, seed)
    if not weights:
        return _draw(sampling, truth, None) if sampling.balanced else None
    ends = list(itertools.accumulate(sizes, initial=0))
    wanted = [round(weight / sum(weights) * ends[-1]) for weight in weights]
    parts = [
        (start, _draw(sampling, part, number))
        for start, part, number in zip(ends[:-1], _parts(truth, sizes), wanted, strict=True)
        if number
    ]
    return lambda rng: np.concatenate([start + draw(rng) for start, draw in parts])


def _reference_draw(
    sampling: SamplingConfig,
    weights: Sequence[float | int],
    truth: Truth,
    sizes: Sequence[int],
    seed: int,
) -> Draw:
    """Draw once, each dataset by itself and as large as it comes, for all epochs alike."""
    if weights:
        raise InputError(
            "the reference draw takes of each dataset what it finds and knows no data weights; "
            "leave them out, or take sampling.mode fixed"
        )
    scores = [_scores(part) for part in _parts(truth, sizes)]
    try:
        drawn = draw_balanced_per_dataset(
            scores,
            np.random.default_rng([seed, _REFERENCE]),
            "reference",
            num_bins=sampling.num_bins,
            curvature=sampling.curvature,
        )
    except ValueError as error:
        raise InputError(f"balanced sampling: {error}") from error
    return lambda _: drawn


def _parts(truth: Truth, sizes: Sequence[int]) -> list[Truth]:
    """Cut the truth into that of each dataset."""
    ends = np.cumsum(sizes)[:-1]
    rows = zip(np.split(truth.contact, ends), np.split(truth.valid, ends), strict=True)
    return [Truth(*part) for part in rows]


def _scores(truth: Truth) -> Float64[np.ndarray, " samples"]:
    return balance_scores(truth.contact, count_contact(truth.contact, truth.valid).mean)


def _draw(sampling: SamplingConfig, truth: Truth, number: int | None) -> Draw:
    """Draw `number` samples of one dataset, or as many as there are."""
    if not sampling.balanced:
        return lambda rng: _draw_evenly(len(truth.contact), number or len(truth.contact), rng)
    scores = _scores(truth)
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
