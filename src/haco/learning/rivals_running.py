"""Rival losses that watch their own gradients as training goes on; see `haco.learning.rivals`.

Their memory is in buffers, so a checkpoint of the module holds it. It moves in training mode only,
and each process of a distributed run has its own.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from haco.learning.masked import Valid, known_entries, mean_over, wrongness
from haco.learning.rivals_pointwise import Counts, Logits, Scalar, Target, focused, pick


class GradientRatio(nn.Module):
    """For each position, the gradient its positives have had over that its negatives have had."""

    def __init__(self, num_positions: int) -> None:
        super().__init__()
        self.register_buffer("positive", torch.zeros(num_positions))
        self.register_buffer("negative", torch.zeros(num_positions))
        self.positive: Tensor
        self.negative: Tensor

    def forward(self) -> Float[Tensor, " positions"]:
        """Give the ratio; infinite where no negative has had any."""
        return self.positive / self.negative

    @torch.no_grad()
    def add(self, gradient: Logits, target: Target) -> None:
        """Count a batch's gradients, as sizes."""
        self.positive += gradient.where(target.bool(), gradient.new_zeros(())).sum(0)
        self.negative += gradient.where(~target.bool(), gradient.new_zeros(())).sum(0)


class EqualizationV2(nn.Module):
    """Cross-entropy that evens out the gradients of positives and negatives (EQL v2, Tan 2021)."""

    def __init__(
        self, num_positions: int, *, gamma: float = 12.0, mu: float = 0.8, alpha: float = 4.0
    ) -> None:
        super().__init__()
        self.ratio = GradientRatio(num_positions)
        self.gamma, self.mu, self.alpha = gamma, mu, alpha

    def forward(
        self, logits: Logits, target: Target, *, counts: Counts = None, valid: Valid = None
    ) -> Scalar:
        """Average over valid entries, and remember their gradients."""
        ratio = self.ratio().nan_to_num(nan=torch.inf)  # 0 / 0: no gradient yet
        negative = (self.gamma * (ratio - self.mu)).sigmoid()
        weight = pick(target, 1 + self.alpha * (1 - negative), negative).to(logits.dtype)
        wrong = wrongness(logits, target)
        if self.training:
            known = known_entries(logits, valid)
            self.ratio.add((weight * wrong.detach().sigmoid()) * known, target)
        return mean_over(weight * softplus(wrong), valid)


class EqualizedFocal(nn.Module):
    """Focal loss that focuses more on positions whose positives lag behind (EFL, Li 2022)."""

    def __init__(
        self, num_positions: int, *, gamma: float = 2.0, scale: float = 8.0, alpha: float = 0.25
    ) -> None:
        super().__init__()
        self.ratio = GradientRatio(num_positions)
        self.gamma, self.scale, self.alpha = gamma, scale, alpha

    def forward(
        self, logits: Logits, target: Target, *, counts: Counts = None, valid: Valid = None
    ) -> Scalar:
        """Average over valid entries, and remember their gradients."""
        ratio = self.ratio().nan_to_num(nan=1.0).clamp(0, 1).to(logits.dtype)
        gamma = self.gamma + self.scale * (1 - ratio)
        wrong = wrongness(logits, target)
        if self.training:
            self.ratio.add(wrong.detach().sigmoid() * known_entries(logits, valid), target)
        weight = pick(target, self.alpha, 1 - self.alpha, wrong) * gamma / self.gamma
        return mean_over(weight * focused(wrong, gamma), valid)


class GradientHarmonised(nn.Module):
    """Cross-entropy divided by how many entries have a like gradient (GHM-C, Li 2019)."""

    def __init__(self, num_positions: int, *, bins: int = 10, momentum: float = 0.0) -> None:
        """Start without memory; it is of the bins, shared by all `num_positions` positions."""
        super().__init__()
        self.register_buffer("usual", torch.zeros(bins))
        self.usual: Tensor
        self.momentum = momentum

    def forward(
        self, logits: Logits, target: Target, *, counts: Counts = None, valid: Valid = None
    ) -> Scalar:
        """Average over valid entries, and remember how their gradients were spread."""
        wrong = wrongness(logits, target)
        known = known_entries(logits, valid)
        num_bins = len(self.usual)
        place = (wrong.detach().sigmoid() * num_bins).long().clamp(max=num_bins - 1)
        found = torch.zeros_like(self.usual).scatter_add_(
            0, place.flatten(), known.flatten().to(self.usual.dtype)
        )
        share = self.momentum
        usual = torch.where(found > 0, share * self.usual + (1 - share) * found, self.usual)
        if self.training:
            self.usual.copy_(usual)
        weight = known.sum() / (usual * (found > 0).sum()).clamp(min=1e-12)
        return mean_over(weight[place].to(logits.dtype) * softplus(wrong), valid)
