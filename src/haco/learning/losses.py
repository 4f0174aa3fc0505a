"""The training loss for dense contact, term by term, and the one place where terms are summed.

Each term is a function of logits, and works for any prediction of one yes/no per position. With
`valid` all False a term is 0 with a gradient.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor
from torch.nn.functional import softplus

from haco.learning.balance import weights_at
from haco.learning.fused import Propagation, fused_levels, fused_regularisation, fused_smoothness
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
    if valid is None:
        return fused_regularisation(logits, mean)
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
    `valid`, and for what is known, is everywhere. The regressor may be of a sparse layout.
    """
    if valid is None:
        return _sums(regressor, contact) > 0, None
    touching = _sums(regressor, contact & valid) > 0
    unknown = _sums(regressor.abs(), ~valid) > 0
    return touching, touching | ~unknown


def _sums(
    regressor: Float[Tensor, "coarse vertices"], field: Bool[Tensor, "batch vertices"]
) -> Float[Tensor, "batch coarse"]:
    return (regressor @ field.T.to(regressor.dtype)).T


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
        `bce_336`, ..., then `regularisation`, `smoothness`, `touch` and `keypoints`, and the
        network's own.
    """
    weight, contact = terms.weight, crop.contact
    # Most batches are labelled throughout, and then nothing needs to be masked: half the time.
    valid = None if crop.valid.all() else crop.valid
    levels = [_full_precision(each) for each in (logits.vertices, *logits.coarse)]
    vertices, labelled = levels[0], None if valid is None else valid.any(dim=-1)
    total, found = _level_losses(levels, contact, valid, terms, epoch)
    others: dict[str, tuple[float, Tensor]] = {}
    if weight.regularisation:
        value = mean_regularisation(vertices, terms.mean, valid=labelled)
        others["regularisation"] = weight.regularisation, value
    if weight.smoothness:
        value = smoothness(vertices, terms.propagation, valid=labelled)
        others["smoothness"] = weight.smoothness, value
    if logits.touch is not None and weight.touch:
        value = touch_loss(_full_precision(logits.touch), contact, valid)
        others["touch"] = weight.touch, value
    if logits.keypoints is not None and weight.keypoints:
        value = keypoint_loss(_full_precision(logits.keypoints), crop.keypoints)
        others["keypoints"] = weight.keypoints, value
    others |= {name: (1.0, value) for name, value in (logits.penalties or {}).items()}
    for name, (share, value) in others.items():
        total = total + share * value
        found[name] = value.detach()
    return total, found


def _level_losses(
    logits: Sequence[Float[Tensor, "batch _"]],
    contact: Bool[Tensor, "batch vertices"],
    valid: Bool[Tensor, "batch vertices"] | None,
    terms: LossTerms,
    epoch: int,
) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
    """Sum the loss of contact over the levels that weigh anything; give each part too."""
    if not terms.used:
        return logits[0].new_zeros(()), {}
    targets, known = _level_targets(contact, valid, terms, [each.shape[1] for each in logits])
    used = [logits[number] for number in terms.used]
    rivals = [terms.levels[number].rival for number in terms.used]
    if terms.table is not None and not any(rivals):
        truth = torch.cat([targets[number] for number in terms.used], dim=1)
        masks = [mask for number in terms.used if (mask := known[number]) is not None]
        mask = torch.cat(masks, dim=1) if masks else None
        main, false = fused_levels(used, truth, weights_at(terms.table, epoch), mask)
    else:
        parts = [_rival_losses(logits[n], targets[n], known[n], terms, n) for n in terms.used]
        main, false = (torch.stack(values) for values in zip(*parts, strict=True))
    share = terms.level_weights().to(main)
    total = (share * main).sum()
    name = "rival" if any(rivals) else "bce"
    sizes = [each.shape[1] for each in used]
    found = {f"{name}_{k}": value for k, value in zip(sizes, main.detach(), strict=True)}
    if terms.weight.false_positives:
        total = total + terms.weight.false_positives * (share * false).sum()
        found |= {
            f"false_positives_{k}": value for k, value in zip(sizes, false.detach(), strict=True)
        }
    if terms.log_variance is not None:
        scales = terms.log_variance[terms.used].sum()
        total, found["level_scales"] = total + scales, scales.detach()
    return total, found


def _level_targets(
    contact: Bool[Tensor, "batch vertices"],
    valid: Bool[Tensor, "batch vertices"] | None,
    terms: LossTerms,
    sizes: Sequence[int],
) -> tuple[list[Tensor], list[Tensor | None]]:
    """Give the truth of each level, and where it is known; one product serves all levels."""
    if terms.regressor is None:
        return [contact], [valid]
    coarse, certain = coarse_targets(contact, valid, terms.regressor)
    parts = coarse.split(sizes[1:], dim=1)
    known = [None] * len(parts) if certain is None else certain.split(sizes[1:], dim=1)
    return [contact, *parts], [valid, *known]


def _rival_losses(
    logits: Float[Tensor, "batch positions"],
    target: Bool[Tensor, "batch positions"],
    known: Bool[Tensor, "batch positions"] | None,
    terms: LossTerms,
    number: int,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Give the loss that stands in at a level, and the false positives."""
    level = terms.levels[number]
    assert level.rival is not None, "all levels have the same loss"
    value = level.rival(logits, target, counts=level.counts, valid=known)
    return value, false_positives(logits, target, valid=known)


def _full_precision(logits: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
