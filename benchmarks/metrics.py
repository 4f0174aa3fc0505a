"""Scores of 1,000 hands against a loop over hands; all that is counted, beside a network."""

import time

import numpy as np
import torch

from benchmarks.timing import compare
from haco.hands import load_hand
from haco.learning.evaluate import skin_distances
from haco.learning.metrics import macro, per_sample_scores
from haco.learning.tally import Answer, Tally
from haco.models.weights import bundled_weights, load_weights

NUM_HANDS, NUM_VERTICES, BATCH = 1_000, 778, 64


def plain_scores(contact: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Score one hand after another, as the paper's tables are counted."""
    rows = []
    for truth, said in zip(contact, probability >= 0.5, strict=True):
        hits = np.logical_and(truth, said).sum()
        precision = hits / said.sum() if said.any() else 0.0
        recall = hits / truth.sum() if truth.any() else 0.0
        both = precision + recall
        rows.append((precision, recall, 2 * precision * recall / both if both > 0 else 0.0))
    return np.mean(rows, axis=0)


def main() -> float:
    """Compare the paper's three scores; then time everything that an evaluation counts."""
    rng = np.random.default_rng(0)
    probability = rng.random((NUM_HANDS, NUM_VERTICES), dtype=np.float32)
    contact = (rng.random((NUM_HANDS, NUM_VERTICES)) < 0.12 * probability) & (
        rng.random((NUM_HANDS, 1)) < 0.85
    )
    np.testing.assert_allclose(
        macro(per_sample_scores(contact, probability, 0.5)), plain_scores(contact, probability)
    )
    ratio = compare(
        f"macro P, R, F1 of {NUM_HANDS} hands",
        lambda: macro(per_sample_scores(contact, probability, 0.5)),
        lambda: plain_scores(contact, probability),
        times=5,
    )
    counting = 1e3 * _everything(torch.from_numpy(contact), torch.from_numpy(probability))
    network = 1e3 * _network()
    print(
        f"all that `haco evaluate` counts: {counting:.2f} ms a hand; tiny: {network:.2f} ms a hand"
    )
    return ratio


def _everything(contact: torch.Tensor, probability: torch.Tensor) -> float:
    """Give seconds a hand of the whole tally: thresholds, vertices, bootstrap, skin."""
    tally = Tally(threshold=0.5, surface=skin_distances(load_hand("open")))
    valid = torch.ones_like(contact)
    began = time.perf_counter()
    for first in range(0, NUM_HANDS, BATCH):
        rows = slice(first, first + BATCH)
        count = len(contact[rows])
        tally.update(
            Answer(
                contact=contact[rows],
                valid=valid[rows],
                probability=probability[rows],
                touch=probability[rows].amax(dim=1),
                keys=["made/0"] * count,
                interactions=["object"] * count,
            )
        )
    return (time.perf_counter() - began) / NUM_HANDS


@torch.inference_mode()
def _network() -> float:
    """Give seconds a hand of the smallest network."""
    network, _ = load_weights(bundled_weights("tiny"))
    crops = torch.rand(BATCH, 3, 256, 256)
    network(crops[:2])
    began = time.perf_counter()
    network(crops)
    return (time.perf_counter() - began) / BATCH
