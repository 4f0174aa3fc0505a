"""Make a trained model's probabilities honest on held-out hands."""

import dataclasses
import math
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import softplus

from haco.learning.evaluate import Answers
from haco.learning.histograms import (
    best_f1_threshold,
    precision_threshold,
    probability_histogram,
)
from haco.models.weights import WeightsMeta
from haco.types import ContactLogits

Bias = Literal["none", "shared", "vertex"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Calibration:
    """What turns a network's logits into honest ones."""

    temperature: float
    """Divides the logits."""
    bias: Float[Tensor, " vertices"] | None
    """Is then added, if there is one."""

    def apply(self, logits: Float[Tensor, "*batch vertices"]) -> Float[Tensor, "*batch vertices"]:
        """Calibrate logits."""
        cooled = logits / self.temperature
        return cooled if self.bias is None else cooled + self.bias.to(logits)


def fit_calibration(
    logits: Float[Tensor, "samples vertices"],
    contact: Bool[Tensor, "samples vertices"],
    *,
    valid: Bool[Tensor, "samples vertices"] | None = None,
    bias: Bias = "shared",
    prior: float = 10.0,
) -> Calibration:
    """Find the temperature and bias under which held-out hands are most likely.

    A temperature alone cannot undo what class weights do to the logits, which is to shift them;
    hence the bias.

    Args:
        logits: Of hands that the network was not trained on.
        contact: Their truth.
        valid: Where the truth speaks; None means everywhere.
        bias: `none`, one for all vertices (`shared`), or one for each.
        prior: Pulls the biases of single vertices to the shared one, the more the larger it is: a
            vertex with that much information in its answers (the sum of p (1 - p)) goes halfway.
    """
    known = torch.ones_like(contact) if valid is None else valid
    if not known.any():
        raise ValueError("calibration needs at least one known label, got none")
    logits, sign = logits.detach().double(), 1.0 - 2.0 * contact.double()
    num_vertices = logits.shape[1]
    inverse = torch.zeros((), dtype=torch.float64, requires_grad=True)
    shared = torch.zeros((), dtype=torch.float64, requires_grad=True)
    # One vertex's bias acts on 1 / V of the answers: in these units all parameters weigh alike,
    # and the search needs a sixth of the steps.
    unit = math.sqrt(num_vertices)
    scaled = torch.zeros(num_vertices, dtype=torch.float64, requires_grad=True)
    free = [inverse] + [shared] * (bias != "none") + [scaled] * (bias == "vertex")
    optimiser = torch.optim.LBFGS(
        free,
        max_iter=200,
        tolerance_grad=1e-9,
        tolerance_change=1e-14,
        line_search_fn="strong_wolfe",
    )

    def unlikelihood() -> Tensor:
        optimiser.zero_grad()
        own = unit * scaled
        errors = softplus(sign * (logits * inverse.exp() + shared + own))
        loss = errors.where(known, errors.new_zeros(())).sum() + prior / 2 * own.square().sum()
        loss = loss / known.sum()
        loss.backward()
        return loss

    optimiser.step(unlikelihood)
    temperature = float((-inverse.detach()).exp())
    offset = None if bias == "none" else (shared + unit * scaled).detach().float()
    return Calibration(temperature=temperature, bias=offset)


def calibrate(
    meta: WeightsMeta,
    answers: Answers,
    *,
    bias: Bias = "shared",
    precision: float | None = None,
) -> WeightsMeta:
    """Make the probabilities of weights honest, then choose where contact begins.

    Args:
        meta: Of the weights that gave the answers.
        answers: On hands that they were not trained on.
        bias: As in `fit_calibration`. The probability of touch always has one of its own.
        precision: What share of the vertices said to touch shall do so; the threshold is then the
            one with the most recall. None takes the threshold of the highest F1 over all vertices.

    Raises:
        ValueError: No threshold has that precision.
    """
    contact, valid = answers.contact, answers.valid
    found = fit_calibration(answers.vertices, contact, valid=valid, bias=bias)
    shared, own = _parted(found)
    meta = dataclasses.replace(
        meta,
        temperature=found.temperature,
        bias=shared,
        vertex_bias=own if bias == "vertex" else (),
    )
    if answers.touch is not None:
        touching = (contact & valid).any(dim=1)
        known = touching | valid.all(dim=1)
        found = fit_calibration(answers.touch[:, None], touching[:, None], valid=known[:, None])
        meta = dataclasses.replace(
            meta, touch_temperature=found.temperature, touch_bias=_parted(found)[0]
        )
    probability, _ = meta.probabilities(ContactLogits(answers.vertices, (), answers.touch))
    histogram = probability_histogram(contact[valid], probability[valid])
    if precision is None:
        return dataclasses.replace(meta, threshold=best_f1_threshold(histogram))
    return dataclasses.replace(meta, threshold=precision_threshold(histogram, precision))


def _parted(found: Calibration) -> tuple[float, tuple[float, ...]]:
    """Give the bias that all vertices share, and what each has beside it."""
    if found.bias is None:
        return 0.0, ()
    shared = float(found.bias.mean())
    return shared, tuple(round(float(own), 4) for own in found.bias - shared)
