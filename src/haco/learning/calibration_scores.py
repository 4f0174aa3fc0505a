"""What calibration does to weights, judged on hands that it was not fitted on."""

import dataclasses

import torch
from jaxtyping import Bool
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from haco.learning.calibration import Bias, calibrate
from haco.learning.evaluate import Answers
from haco.learning.histograms import (
    Histogram,
    average_precision,
    expected_calibration_error,
    probability_histogram,
)
from haco.models.weights import WeightsMeta
from haco.types import ContactLogits


@dataclasses.dataclass(frozen=True, kw_only=True)
class CalibrationScores:
    """How honest probabilities are, and what their threshold gives, over all known vertices."""

    log_loss: float
    """Mean binary cross-entropy, nats a vertex."""
    calibration_error: float
    touch_calibration_error: float
    """Of the probability that a hand touches anything."""
    average_precision: float
    precision: float
    recall: float
    f1: float
    histogram: Histogram = dataclasses.field(repr=False)
    """Of the vertices' probabilities."""


def score_calibration(meta: WeightsMeta, answers: Answers) -> CalibrationScores:
    """Score weights as they stand.

    Args:
        meta: Their calibration and threshold.
        answers: Their logits, beside the truth.
    """
    return _score([(meta, answers)])


def cross_score_calibration(
    meta: WeightsMeta, answers: Answers, *, bias: Bias = "shared", precision: float | None = None
) -> CalibrationScores:
    """Score a calibration on hands that it was not fitted on.

    The hands are parted in two, every other one; each half is judged as calibrated by the other.

    Args:
        meta: Of the weights.
        answers: Their logits, beside the truth: two hands at least.
        bias: As in `calibrate`.
        precision: As in `calibrate`.

    Raises:
        ValueError: There are too few hands, or no threshold has that precision.
    """
    if len(answers.contact) < 2:
        raise ValueError("a calibration is judged on two hands at least")
    halves = [_every_other(answers, first) for first in (0, 1)]
    fitted = [calibrate(meta, half, bias=bias, precision=precision) for half in halves]
    return _score(list(zip(reversed(fitted), halves, strict=True)))


def _score(parts: list[tuple[WeightsMeta, Answers]]) -> CalibrationScores:
    vertices, touch, loss, known = _empty(), _empty(), 0.0, 0
    hits = predicted = touching = 0
    for meta, answers in parts:
        probability, any_touch = meta.probabilities(
            ContactLogits(answers.vertices, (), answers.touch)
        )
        contact, said = answers.contact[answers.valid], probability[answers.valid]
        vertices += probability_histogram(contact, said)
        is_known, touches = _touch_truth(answers)
        touch += probability_histogram(touches[is_known], any_touch[is_known])
        loss += float(binary_cross_entropy(said.double(), contact.double(), reduction="sum"))
        known += len(contact)
        positive = said >= meta.threshold
        hits += int((positive & contact).sum())
        predicted, touching = predicted + int(positive.sum()), touching + int(contact.sum())
    return CalibrationScores(
        log_loss=loss / max(known, 1),
        calibration_error=expected_calibration_error(vertices),
        touch_calibration_error=expected_calibration_error(touch),
        average_precision=average_precision(vertices),
        precision=hits / max(predicted, 1),
        recall=hits / max(touching, 1),
        f1=2 * hits / max(predicted + touching, 1),
        histogram=vertices,
    )


def _empty() -> Histogram:
    return probability_histogram(torch.zeros(0, dtype=torch.bool), torch.zeros(0))


def _touch_truth(answers: Answers) -> tuple[Bool[Tensor, " samples"], Bool[Tensor, " samples"]]:
    """Say of which hands it is known whether they touch anything, and which do."""
    touches = (answers.contact & answers.valid).any(dim=1)
    return touches | answers.valid.all(dim=1), touches


def _every_other(answers: Answers, first: int) -> Answers:
    return Answers(
        vertices=answers.vertices[first::2],
        touch=None if answers.touch is None else answers.touch[first::2],
        contact=answers.contact[first::2],
        valid=answers.valid[first::2],
    )
