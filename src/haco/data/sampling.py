"""Balanced contact sampling: draw as often from rare kinds of contact as from common ones.

Each sample gets a score: high where it touches with vertices that seldom touch, low where it
touches as most do. The range of scores is cut into a few bins, finer towards rare contact, and
every bin is drawn equally often (HACO, arXiv 2505.11152).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int64, Shaped, UInt8

Mode = Literal["reference", "fixed"]
_ROWS_AT_ONCE = 8192


def balance_scores(
    contact: Shaped[np.ndarray, "samples vertices"], mean: Shaped[np.ndarray, " vertices"]
) -> Float64[np.ndarray, " samples"]:
    """Score each sample by how unusual its contact is: the mean of c (1 - 2 m) over vertices.

    Args:
        contact: True (or 1) where the sample touches.
        mean: Share of the set in which each vertex touches, hands without contact included.

    Returns:
        One score a sample; NaN for a sample that touches nothing.
    """
    bits = np.packbits(np.asarray(contact).astype(bool), axis=1)
    return balance_scores_packed(bits, mean)


def balance_scores_packed(
    bits: UInt8[np.ndarray, "samples bytes"], mean: Shaped[np.ndarray, " vertices"]
) -> Float64[np.ndarray, " samples"]:
    """Do as `balance_scores`, from `numpy.packbits(contact, axis=1)`.

    Memory beyond the answer does not grow with the number of samples, so `bits` may be a memory
    map: each byte of a row looks up the sum of its eight vertices.
    """
    mean = np.asarray(mean, np.float64)
    num_bytes = -(-len(mean) // 8)
    if bits.shape[1] != num_bytes:
        raise ValueError(
            f"{len(mean)} vertices pack into {num_bytes} bytes a row, got {bits.shape[1]}"
        )
    worth = np.zeros(num_bytes * 8)
    worth[: len(mean)] = (1 - 2 * mean) / len(mean)
    patterns = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    table = (worth.reshape(num_bytes, 8) @ patterns.T.astype(np.float64)).ravel()
    offset = 256 * np.arange(num_bytes)
    scores = np.full(len(bits), np.nan)
    for start in range(0, len(bits), _ROWS_AT_ONCE):
        rows = bits[start : start + _ROWS_AT_ONCE]
        total = table.take(rows + offset).sum(axis=1)
        scores[start : start + _ROWS_AT_ONCE] = np.where(rows.any(axis=1), total, np.nan)
    return scores


def bin_edges(
    scores: Shaped[np.ndarray, " samples"], num_bins: int = 5, curvature: float | int = 5.0
) -> Float64[np.ndarray, " edges"]:
    """Cut the range of the scores into bins that are finer towards high scores.

    Args:
        scores: As `balance_scores` gives them; NaN is left out.
        num_bins: How many bins.
        curvature: How much finer the last bins are than the first; larger is finer.

    Returns:
        The `num_bins + 1` edges, ascending.
    """
    if num_bins < 1 or curvature <= 0:
        raise ValueError(f"need num_bins >= 1 and curvature > 0, got {num_bins} and {curvature}")
    known = np.asarray(scores, np.float32)
    known = known[~np.isnan(known)]
    if len(known) == 0:
        raise ValueError("no sample touches anything, so there is nothing to balance")
    places = np.log1p(curvature * np.linspace(1e-5, 1, num_bins + 1)) / np.log1p(curvature)
    # The range is a float32 difference, as in the reference; the rest is float64.
    return float(known.min()) + float(known.max() - known.min()) * places


def bin_index(
    scores: Shaped[np.ndarray, " samples"],
    edges: Float64[np.ndarray, " edges"],
    mode: Mode = "fixed",
) -> Int64[np.ndarray, " samples"]:
    """Say in which bin each sample lies; -1 for none.

    `reference` drops what lies below the first edge (always the lowest score) and at or above the
    last (often the highest), as the released system does. `fixed` drops only NaN.
    """
    single = np.asarray(scores, np.float32).astype(np.float64)
    index = np.searchsorted(edges, single, side="right") - 1
    last = len(edges) - 2
    if mode == "fixed":
        return np.where(np.isnan(single), -1, index.clip(0, last)).astype(np.int64)
    return np.where((index >= 0) & (index <= last), index, -1).astype(np.int64)


def draw_balanced(
    scores: Shaped[np.ndarray, " samples"],
    rng: np.random.Generator,
    mode: Mode = "fixed",
    *,
    num_bins: int = 5,
    curvature: float | int = 5.0,
    size: int | None = None,
    untouched: float | int = 0.0,
) -> Int64[np.ndarray, " drawn"]:
    """Draw samples so that every bin of scores is drawn equally often.

    `fixed` is meant to be called anew each epoch: a large bin then shows other members each time,
    and each member of a small bin is drawn as often as the next, give or take one. It skips empty
    bins. `reference` draws small bins with replacement, loses samples at the edges (see
    `bin_index`), gives nothing where all scores are equal, and refuses an empty bin.

    Args:
        scores: As `balance_scores` gives them, NaN for samples that touch nothing.
        rng: Source of the draw; make it from seed and epoch for a new draw each epoch.
        mode: `fixed` or `reference`.
        num_bins: How many bins.
        curvature: As in `bin_edges`.
        size: About how many samples to draw from the bins; None draws as many as there are.
            For `fixed` only.
        untouched: Share of the draw, below 1, that goes to samples that touch nothing, where
            there are any. For `fixed` only.

    Returns:
        Indices into `scores`, shuffled.
    """
    scores = np.asarray(scores, np.float64)
    if mode == "reference":
        if size is not None or untouched:
            raise ValueError("the reference draw has neither `size` nor `untouched`")
        return _draw_reference(scores, rng, num_bins, curvature)
    if not 0 <= untouched < 1:
        raise ValueError(f"`untouched` is a share of at least 0 and below 1, got {untouched}")
    touches = ~np.isnan(scores)
    drawn = []
    if touches.any():
        bins = bin_index(scores, bin_edges(scores, num_bins, curvature))
        occupied = np.unique(bins[touches])
        target = max((int(touches.sum()) if size is None else size) // len(occupied), 1)
        drawn = [_draw_evenly(np.flatnonzero(bins == place), target, rng) for place in occupied]
    if untouched and not touches.all():
        num_drawn = sum(map(len, drawn))
        target = round(num_drawn * untouched / (1 - untouched)) if num_drawn else len(scores)
        drawn.append(_draw_evenly(np.flatnonzero(~touches), target, rng))
    if not drawn:
        raise ValueError("no sample touches anything, and `untouched` keeps none that does not")
    return rng.permutation(np.concatenate(drawn))


def draw_balanced_per_dataset(
    scores: Sequence[Shaped[np.ndarray, " _"]],
    rng: np.random.Generator,
    mode: Mode = "fixed",
    *,
    num_bins: int = 5,
    curvature: float | int = 5.0,
    untouched: float | int = 0.0,
) -> Int64[np.ndarray, " drawn"]:
    """Balance each dataset within itself, and shuffle the draws together.

    To balance across datasets instead, score all with one mean and draw from their concatenation.

    Args:
        scores: One array a dataset.
        rng: As in `draw_balanced`.
        mode: As in `draw_balanced`.
        num_bins: As in `draw_balanced`.
        curvature: As in `draw_balanced`.
        untouched: As in `draw_balanced`.

    Returns:
        Indices into the concatenation of the datasets.
    """
    start = np.cumsum([0, *map(len, scores)])
    drawn = [
        offset
        + draw_balanced(
            each, rng, mode, num_bins=num_bins, curvature=curvature, untouched=untouched
        )
        for offset, each in zip(start, scores, strict=False)
    ]
    return rng.permutation(np.concatenate(drawn))


def _draw_reference(
    scores: Float64[np.ndarray, " samples"],
    rng: np.random.Generator,
    num_bins: int,
    curvature: float,
) -> Int64[np.ndarray, " drawn"]:
    order = np.argsort(-scores, kind="stable")  # NaN last
    bins = bin_index(scores, bin_edges(scores, num_bins, curvature), "reference")[order]
    members = [order[bins == place] for place in range(num_bins)]
    target = int(np.mean([len(each) for each in members]))
    if target and not all(map(len, members)):
        sizes = [len(each) for each in members]
        raise ValueError(f"the reference draw cannot fill an empty bin (sizes {sizes}): use fixed")
    drawn = [
        each if len(each) == target else rng.choice(each, target, replace=len(each) < target)
        for each in members
    ]
    return rng.permutation(np.concatenate(drawn)).astype(np.int64)


def _draw_evenly(
    members: Int64[np.ndarray, " members"], target: int, rng: np.random.Generator
) -> Int64[np.ndarray, " target"]:
    """Take each member `target // len` times, and a random few once more."""
    whole, rest = divmod(target, len(members))
    return np.concatenate([np.repeat(members, whole), rng.permutation(members)[:rest]])
