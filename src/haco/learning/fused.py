"""The two dearest terms of the training loss, with their gradients worked out by hand.

Autograd's own way, in `haco.learning.losses`, says the same more plainly and is the test of these:
there a batch of hands takes some sixty small steps forward and as many back. Here the gradient is
made along with the loss, while what both need is at hand.
"""

import warnings

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import softplus

from haco.learning.masked import Valid, known_entries


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls its CSR layout a beta
            self.register_buffer("matrix", dense.to_sparse_csr(), persistent=False)
        self.matrix: Tensor
        self.total = float(dense.double().sum())
        """Sum of all entries."""


def fused_smoothness(
    logits: Float[Tensor, "batch vertices"],
    propagation: Propagation,
    valid: Bool[Tensor, " batch"] | None,
) -> Float[Tensor, ""]:
    """Do as `losses.smoothness`."""
    matrix = propagation.matrix.to(logits.dtype)
    return _Smoothness.apply(logits, matrix, propagation.total, valid)


def fused_level(
    logits: Float[Tensor, "batch positions"],
    target: Bool[Tensor, "batch positions"],
    weights: Float[Tensor, "positions 2"],
    valid: Valid,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Give `losses.weighted_bce` and `losses.false_positives` of a level, the same."""
    return _Level.apply(logits, target, weights.to(logits), valid)


class _Level(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits: Tensor, target: Tensor, weights: Tensor, valid: Tensor | None):
        no = (~target).to(logits.dtype)
        side = 2 * no - 1
        wrongness = side * logits
        wrong = wrongness.sigmoid()
        weight = torch.where(target, weights[:, 1], weights[:, 0])
        share = logits.new_tensor(1 / logits.numel())
        if valid is not None:
            known = known_entries(logits, valid)
            share = 1 / known.sum().clamp(min=1).to(logits.dtype)
            weight, no = weight * known, no * known
        false = no * wrong
        bce_slope = weight * wrong * side * share
        ctx.save_for_backward(bce_slope, false * (1 - wrong) * share)
        return (weight * softplus(wrongness)).sum() * share, false.sum() * share

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        bce_slope, false_slope = ctx.saved_tensors
        bce, false = grad_outputs
        return bce * bce_slope + false * false_slope, None, None, None


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
