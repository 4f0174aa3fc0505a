"""What one run of a study scored: at 0.5, at its own best threshold, and at no threshold at all.

A loss may only move the threshold. So every run is scored at 0.5 and again at the threshold that is
best for it on validation, and by average precision, which needs none; and apart for vertices that
touch seldom or often, for regions of the hand, and for hands that all but touch.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from haco.data.readers.common import Reader
from haco.hands.topologies import load_hand
from haco.learning.evaluate import Answers, collect_answers
from haco.learning.metrics import ContactMetrics, ContactScores, frequency_groups
from haco.models.contact_net import ContactNet

FREQUENCIES = ("rare", "medium", "common")
"""Thirds of the vertices, by how often they touch in training."""
TOUCHED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "objects": ("power", "pinch", "tool", "shared"),
        "hands": ("hands", "clasp"),
        "scenes": ("surface", "scene"),
        "bodies": ("body",),
    }
)
"""What a hand touches, by the engine's kinds of interaction; hands that touch nothing are in none.
"""
REGIONS = ("palm", "back of hand", "front of fingers", "back of fingers")


def score_run(
    model: ContactNet,
    validation: Reader,
    test: Reader,
    *,
    mean_map: Float[np.ndarray, " vertices"],
    protocol: str,
    crop_size: int,
) -> dict[str, float]:
    """Score a trained network on test, at 0.5 and at the best threshold on validation.

    Args:
        model: The network.
        validation: Chooses the threshold, by the mean of F1 over hands.
        test: What is scored.
        mean_map: Mean contact of the training set, which sorts the vertices by frequency.
        protocol: Contact protocol, a name of `PROTOCOLS`.
        crop_size: Pixels of a crop along each side.

    Returns:
        `precision`, `recall` and `f1` (means over hands, undefined as 0) at the run's `threshold`,
        `average_precision`, `near_alarms` (share of the hands near something without touching it
        that are called touching anywhere) and `near_area` (share of their vertices); then
        `precision`, `recall`, `f1` over all answers and `average_precision` of each group of
        vertices, as `f1, palm`; with `, at 0.5` behind them, the same at 0.5.
        Then `f1` (a mean over hands) and `average_precision` of each kind of `TOUCHED` that test
        has, as `f1, of scenes`.
    """
    chosen, answers = (
        collect_answers(model, reader, protocol=protocol, size=crop_size)
        for reader in (validation, test)
    )
    threshold = _count(chosen).compute().best_threshold
    groups = vertex_groups(mean_map)
    kinds = np.array([test[index].interaction for index in range(len(test))])
    near = torch.from_numpy(kinds == "near") & ~answers.contact.any(dim=1)
    everything, near_only = _count(answers), _count(answers, near)
    scores = {"threshold": threshold}
    for cut, behind in ((threshold, ""), (0.5, ", at 0.5")):
        whole = everything.compute(cut, groups=groups)
        alarms = near_only.compute(cut)
        scores |= {f"{name}{behind}": value for name, value in _flat(whole, alarms).items()}
    return scores | _by_touched(answers, kinds, threshold)


def vertex_groups(
    mean_map: Float[np.ndarray, " vertices"],
) -> dict[str, Bool[np.ndarray, " vertices"]]:
    """Give the groups of vertices that are scored apart: by frequency, and regions of the hand."""
    parts = {name: mask.numpy() for name, mask in load_hand("open").parts.items()}

    def joined(end: str) -> Bool[np.ndarray, " vertices"]:
        return np.any([mask for name, mask in parts.items() if name.endswith(end)], axis=0)

    palm = np.any([mask for name, mask in parts.items() if name.startswith("palm_")], axis=0)
    regions = (palm, parts["back"], joined("_palmar"), joined("_dorsal"))
    return frequency_groups(mean_map) | dict(zip(REGIONS, regions, strict=True))


def _by_touched(
    answers: Answers, kinds: Shaped[np.ndarray, " samples"], threshold: float
) -> dict[str, float]:
    """Score the hands of each kind in `TOUCHED` that test has, apart."""
    scores = {}
    for name, members in TOUCHED.items():
        rows = torch.from_numpy(np.isin(kinds, members))
        if rows.any():
            found = _count(answers, rows).compute(threshold)
            scores[f"average_precision, of {name}"] = found.average_precision
            scores[f"f1, of {name}"] = found.macro["zero"][2]
    return scores


def _count(answers: Answers, rows: Bool[Tensor, " samples"] | None = None) -> ContactMetrics:
    """Count the answers, or some of them."""
    chosen = slice(None) if rows is None else rows
    metrics = ContactMetrics(answers.vertices.shape[1])
    metrics.update(
        answers.contact[chosen], answers.vertices[chosen].sigmoid(), valid=answers.valid[chosen]
    )
    return metrics


def _flat(whole: ContactScores, near: ContactScores) -> Mapping[str, float]:
    precision, recall, f1 = whole.macro["zero"]
    scores = {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "average_precision": whole.average_precision,
        "near_alarms": near.false_alarm_hands,
        "near_area": near.false_alarm_vertices,
    }
    for name, group in whole.groups.items():
        both = group.precision + group.recall
        scores |= {
            f"precision, {name}": group.precision,
            f"recall, {name}": group.recall,
            f"f1, {name}": 2 * group.precision * group.recall / both if both > 0 else 0.0,
            f"average_precision, {name}": group.average_precision,
        }
    return scores
