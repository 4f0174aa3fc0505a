"""The training loss for dense contact, term by term, and the one place where terms are summed.

Each term is a function of logits, and works for any prediction of one yes/no per position. With
`valid` all False a term is 0 with a gradient.
"""

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor
from torch.nn.functional import softplus

from haco.learning.balance import weights_at
from haco.learning.fused import Propagation, fused_level, fused_smoothness
from haco.learning.masked import Valid, mean_over, wrongness
from haco.learning.terms import LossTerms
from haco.types import ContactLogits, Crop


def balanced_bce(
    logits: Float[Tensor, "batch positions"],
    target: Shaped[Tensor, "batch positions"],
    weights: Float[Tensor, "#positions 2"],
    *,
    false_positive_penalty: float | int = 0.5,
    valid: Valid = None,
) -> Float[Tensor, ""]:
    """Sum the weighted cross-entropy and the penalty on false positives.

    Args:
        logits: Before the sigmoid.
        target: Bool, or a number from 0 to 1 (1 where it touches).
        weights: For each position the weight of a negative and of a positive.
        false_positive_penalty: Multiplies `false_positives`.
        valid: Which entries count, one a sample or one a position.
    """
    loss = weighted_bce(logits, target, weights, valid=valid)
    if false_positive_penalty == 0:
        return loss
    return loss + false_positive_penalty * false_positives(logits, target, valid=valid)


def weighted_bce(
    logits: Float[Tensor, "batch positions"],
    target: Shaped[Tensor, "batch positions"],
    weights: Float[Tensor, "#positions 2"],
    *,
    valid: Valid = None,
) -> Float[Tensor, ""]:
    """Average the cross-entropy, each entry weighed by its position and class."""
    negative, positive = weights.to(logits).unbind(dim=-1)
    if (
        target.dtype is torch.bool
    ):  # one softplus does: softplus(-z) for a yes, softplus(z) for a no
        entries = torch.where(target, positive, negative) * softplus(wrongness(logits, target))
    else:
        share = target.to(logits.dtype)
        entries = positive * share * softplus(-logits)
        entries = entries + negative * (1 - share) * softplus(logits)
    return mean_over(entries, valid)


def false_positives(
    logits: Float[Tensor, "batch positions"],
    target: Shaped[Tensor, "batch positions"],
    *,
    valid: Valid = None,
) -> Float[Tensor, ""]:
    """Average the probability given to negatives, over all entries and not the negatives only."""
    if target.dtype is torch.bool:
        return mean_over(logits.sigmoid().masked_fill(target, 0), valid)
    return mean_over(logits.sigmoid() * (1 - target.to(logits.dtype)), valid)


def mean_regularisation(
    logits: Float[Tensor, "batch vertices"],
    mean: Float[Tensor, " vertices"],
    *,
    valid: Valid = None,
) -> Float[Tensor, ""]:
    """Average the distance of the probabilities from the set's mean contact."""
    return mean_over((logits.sigmoid() - mean.to(logits)).abs(), valid)


def smoothness(
    logits: Float[Tensor, "batch vertices"],
    propagation: Tensor | Propagation,
    *,
    valid: Bool[Tensor, " batch"] | None = None,
) -> Float[Tensor, ""]:
    """Penalise probabilities that differ from what their neighbours pass on.

    With P = A p and Q = A (1 - p), it is the mean over samples of log(1 + S / D), where S sums
    |p - P / max P| + |(1 - p) - Q / max Q| over vertices and D is the sum of A.

    Args:
        logits: Before the sigmoid; 1 - p is taken as sigmoid(-z), so no digits are lost.
        propagation: The matrix A of `haco.geometry.mesh.propagation_matrix`, dense or sparse, or a
            `Propagation` of it, which is faster.
        valid: Which samples count.
    """
    if isinstance(propagation, Propagation):
        return fused_smoothness(logits, propagation, valid)
    fields = torch.stack([logits.sigmoid(), (-logits).sigmoid()])
    matrix = propagation.to(logits)
    passed = (matrix @ fields.flatten(0, 1).T).T.reshape(fields.shape)
    # `max` sends its gradient to one vertex; `amax` would share it among ties.
    scaled = passed / (passed.max(dim=-1, keepdim=True).values + 1e-6)
    spread = (fields - scaled).abs().sum(dim=(0, 2))
    return mean_over(torch.log1p(spread / (matrix.sum() + 1e-3)), valid)


def coarse_targets(
    contact: Bool[Tensor, "batch vertices"],
    valid: Bool[Tensor, "batch vertices"] | None,
    regressor: Float[Tensor, "coarse vertices"],
) -> tuple[Bool[Tensor, "batch coarse"], Bool[Tensor, "batch coarse"] | None]:
    """Say which coarse positions touch, and of which that is known.

    A position touches where the regressor's sum over the touching vertices is above 0. That is
    known where it touches, and where every vertex that the regressor looks at is valid. None for
    `valid`, and for what is known, is everywhere.
    """
    if valid is None:
        return contact.to(regressor.dtype) @ regressor.T > 0, None
    touching = (contact & valid).to(regressor.dtype) @ regressor.T > 0
    unknown = (~valid).to(regressor.dtype) @ (regressor != 0).to(regressor.dtype).T > 0
    return touching, touching | ~unknown


def keypoint_loss(
    keypoints: Float[Tensor, "batch 21 2"], truth: Float[Tensor, "batch 21 2"]
) -> Float[Tensor, ""]:
    """Average the distance along each axis over the joints whose place is known (not NaN)."""
    known = truth.isfinite()
    distance = (keypoints - truth.nan_to_num().to(keypoints)).abs()
    return mean_over(distance.flatten(1), known.flatten(1))


def touch_loss(
    touch: Float[Tensor, " batch"],
    contact: Bool[Tensor, "batch vertices"],
    valid: Bool[Tensor, "batch vertices"] | None,
) -> Float[Tensor, ""]:
    """Cross-entropy of whether the hand touches at all, where that is known.

    It is known where a valid vertex touches, and where all vertices are valid.
    """
    touching = (contact if valid is None else contact & valid).any(dim=-1)
    known = None if valid is None else touching | valid.all(dim=-1)
    return mean_over(softplus(wrongness(touch, touching)), known)


def contact_loss(
    logits: ContactLogits, crop: Crop, terms: LossTerms, epoch: int
) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
    """Sum all terms of the training loss for one batch.

    Args:
        logits: What the network said.
        crop: The batch, with its truth.
        terms: What the terms need, and what they weigh; a term that weighs 0 is not computed.
        epoch: From 0; the class weights follow it.

    Returns:
        The total, and each term before its weight, detached. Names end in the number of positions
        of their level: `bce_778` (`rival_778` where another loss stands in), `false_positives_778`,
        `bce_336`, ..., then `regularisation`, `smoothness`, `touch` and `keypoints`.
    """
    weight, contact = terms.weight, crop.contact
    # Most batches are labelled throughout, and then nothing needs to be masked: half the time.
    valid = None if crop.valid.all() else crop.valid
    vertices, *coarse = (_full_precision(each) for each in (logits.vertices, *logits.coarse))
    labelled = None if valid is None else valid.any(dim=-1)
    found: dict[str, tuple[float | Tensor, Tensor]] = {}
    for number, (level, level_logits) in enumerate(
        zip(terms.levels, (vertices, *coarse), strict=True)
    ):
        if weight.levels[number] == 0:
            continue
        target, known = contact, valid
        if level.regressor is not None:
            target, known = coarse_targets(contact, valid, level.regressor)
        share, size = terms.level_weight(number), level_logits.shape[-1]
        if level.rival is None:
            weights = weights_at(level.table, epoch)
            bce, false = fused_level(level_logits, target, weights, known)
            found[f"bce_{size}"] = share, bce
        else:
            value = level.rival(level_logits, target, counts=level.counts, valid=known)
            found[f"rival_{size}"] = share, value
            false = false_positives(level_logits, target, valid=known)
        if weight.false_positives:
            found[f"false_positives_{size}"] = share * weight.false_positives, false
    if weight.regularisation:
        value = mean_regularisation(vertices, terms.mean, valid=labelled)
        found["regularisation"] = weight.regularisation, value
    if weight.smoothness:
        value = smoothness(vertices, terms.propagation, valid=labelled)
        found["smoothness"] = weight.smoothness, value
    if logits.touch is not None and weight.touch:
        value = touch_loss(_full_precision(logits.touch), contact, valid)
        found["touch"] = weight.touch, value
    if logits.keypoints is not None and weight.keypoints:
        value = keypoint_loss(_full_precision(logits.keypoints), crop.keypoints)
        found["keypoints"] = weight.keypoints, value
    if terms.log_variance is not None:
        used = [number for number, share in enumerate(weight.levels) if share]
        found["level_scales"] = 1.0, terms.log_variance[used].sum()
    total = sum((share * value for share, value in found.values()), vertices.new_zeros(()))
    return total, {name: value.detach() for name, (_, value) in found.items()}


def _full_precision(logits: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
