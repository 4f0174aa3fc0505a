"""The dearest terms of the training loss, with their gradients worked out by hand.

Autograd's own way, in `haco.learning.losses`, says the same more plainly and is the test of these:
there a batch of hands takes some sixty small steps forward and as many back. Here the gradient is
made along with the loss, while what both need is at hand.
"""

import functools
import warnings
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import softplus


class Propagation(nn.Module):
    """The symmetric matrix that passes a field on a mesh to its neighbours, made ready once."""

    def __init__(self, matrix: Tensor) -> None:
        """Keep `matrix`, dense or of any sparse layout.

        Raises:
            ValueError: It is not square and symmetric.
        """
        super().__init__()
        dense = matrix.to_dense() if matrix.layout is not torch.strided else matrix
        dense = dense.detach().float()
        if dense.dim() != 2 or dense.shape[0] != dense.shape[1] or not torch.equal(dense, dense.T):
            raise ValueError(
                "a propagation matrix is square and symmetric, as that of the edges of a mesh; "
                f"got {tuple(dense.shape)}"
            )
        self.register_buffer("matrix", sparse_rows(dense), persistent=False)
        self.matrix: Tensor
        self.total = float(dense.double().sum())
        """Sum of all entries."""


def sparse_rows(matrix: Float[Tensor, "rows columns"]) -> Float[Tensor, "rows columns"]:
    """Keep of a dense matrix what is not 0, row by row, for quick products."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls its CSR layout a beta
        rows = matrix.to_sparse_csr()
        # Of 64 bits, the indices would be cut to 32 in every product.
        return torch.sparse_csr_tensor(
            rows.crow_indices().int(), rows.col_indices().int(), rows.values(), rows.shape
        )


def fused_smoothness(
    logits: Float[Tensor, "batch vertices"],
    propagation: Propagation,
    valid: Bool[Tensor, " batch"] | None,
) -> Float[Tensor, ""]:
    """Do as `losses.smoothness`."""
    matrix = propagation.matrix.to(logits.dtype)
    return _Smoothness.apply(logits, matrix, propagation.total, valid)


def fused_regularisation(
    logits: Float[Tensor, "batch vertices"], mean: Float[Tensor, " vertices"]
) -> Float[Tensor, ""]:
    """Do as `losses.mean_regularisation` where every label is known."""
    return _Regularisation.apply(logits, mean.to(logits))


def fused_levels(
    logits: Sequence[Float[Tensor, "batch _"]],
    target: Bool[Tensor, "batch positions"],
    weights: Float[Tensor, "positions 2"],
    valid: Bool[Tensor, "batch positions"] | None,
) -> tuple[Float[Tensor, " levels"], Float[Tensor, " levels"]]:
    """Give `losses.weighted_bce` and `losses.false_positives` of each level, the same.

    Args:
        logits: Of each level.
        target: Of all levels, one beside the other.
        weights: Of all levels, likewise.
        valid: Of all levels, likewise.
    """
    beside = torch.cat(tuple(logits), dim=1)
    sizes = tuple(each.shape[1] for each in logits)
    return _Levels.apply(beside, target, weights.to(beside), valid, sizes)


class _Regularisation(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits: Tensor, mean: Tensor):
        probability = logits.sigmoid()
        away = probability - mean
        slope = away.sgn().mul_(1 - probability).mul_(probability)
        ctx.save_for_backward(slope.div_(max(logits.numel(), 1)))
        return away.abs_().mean()

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        return grad_outputs[0] * ctx.saved_tensors[0], None


class _Levels(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx,
        logits: Tensor,
        target: Tensor,
        weights: Tensor,
        valid: Tensor | None,
        sizes: tuple[int, ...],
    ):
        # The probability given to the wrong answer; `side` is its slope's sign.
        yes = target.to(logits.dtype)
        no = 1 - yes
        side = no - yes
        wrongness = side * logits
        wrong = wrongness.sigmoid()
        negative, positive = weights.T.contiguous()
        weight = torch.addcmul(negative, yes, positive - negative)
        level = _level_of_each(sizes, logits.device)
        known = torch.ones_like(logits[:1]) * len(logits)
        if valid is not None:
            known = valid.to(logits.dtype)
            weight, no = weight * known, no * known
        share = _by_level(known, level, len(sizes)).clamp(min=1).reciprocal()
        columns = share[level]
        bce = weight * softplus(wrongness)
        false = no.mul_(wrong)
        ctx.save_for_backward(
            side.mul_(weight).mul_(wrong).mul_(columns), (1 - wrong).mul_(false).mul_(columns)
        )
        ctx.level = level
        return tuple(_by_level(entries, level, len(sizes)) * share for entries in (bce, false))

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        bce_slope, false_slope = ctx.saved_tensors
        bce, false = (grad[ctx.level] for grad in grad_outputs)
        return torch.addcmul(bce * bce_slope, false, false_slope), None, None, None, None


def _by_level(entries: Tensor, level: Tensor, num_levels: int) -> Tensor:
    """Sum the entries of each level."""
    return entries.new_zeros(num_levels).index_add_(0, level, entries.sum(dim=0))


@functools.cache
def _level_of_each(sizes: tuple[int, ...], device: torch.device) -> Tensor:
    """Say of which level each position is."""
    return torch.arange(len(sizes), device=device).repeat_interleave(
        torch.tensor(sizes, device=device)
    )


class _Smoothness(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits: Tensor, matrix: Tensor, total: float, valid: Tensor | None):
        num = len(logits)
        # A column for p and one for 1 - p of each sample, so that one product serves all.
        field = torch.cat([logits, -logits]).T.contiguous().sigmoid()
        passed = matrix @ field
        top, place = passed.max(dim=0)
        top = top + 1e-6
        scaled = passed / top
        away = field - scaled
        spread = away.abs().sum(0).view(2, num).sum(0)
        normaliser = total + 1e-3
        share = logits.new_full((num,), 1 / max(num, 1))
        if valid is not None:
            share = valid / valid.sum().clamp(min=1).to(logits.dtype)
        # Now back, from the spread to the logits.
        slope = away.sgn() * (share / (normaliser + spread)).repeat(2)
        passed_slope = -slope / top
        passed_slope.scatter_add_(0, place[None], ((slope * scaled).sum(0) / top)[None])
        slope += matrix @ passed_slope
        # The slope of a sigmoid is p (1 - p), and 1 - p is the other column.
        half = slope[:, :num] - slope[:, num:]
        ctx.save_for_backward((half * field[:, :num] * field[:, num:]).T)
        return (share * torch.log1p(spread / normaliser)).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        return grad_outputs[0] * ctx.saved_tensors[0], None, None, None
