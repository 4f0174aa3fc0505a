"""How far, along the skin, a predicted contact lies from the true one."""

import dataclasses
import math

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

_MICROMETRES = 1e6


@dataclasses.dataclass(frozen=True, kw_only=True)
class GeodesicScores:
    """Mean over the hands that have contact in both, millimetres along the skin; NaN without any.

    After Tripathi et al. 2023 (DECO), who measure it on the body.
    """

    predicted_to_true: float
    """From each vertex said to touch to the nearest that does: how far off false alarms are."""
    true_to_predicted: float
    """From each touching vertex to the nearest said to touch: how far off what is missed is."""
    num_hands: int


class GeodesicErrors:
    """Counts the errors batch by batch, in whole micrometres, so that their sums have no order."""

    def __init__(self, distances: Float[Tensor, "vertices vertices"]) -> None:
        """Start from nothing.

        Args:
            distances: Along the skin between all pairs of vertices, metres.
        """
        self.distances = distances.float()
        self.counts: dict[str, Int64[Tensor, _]] = {
            "hands": torch.zeros(1, dtype=torch.int64),
            "micrometres": torch.zeros(2, dtype=torch.int64),
        }

    def update(
        self, contact: Bool[Tensor, "batch vertices"], predicted: Bool[Tensor, "batch vertices"]
    ) -> None:
        """Count a batch; both must be False where the truth is unknown."""
        both = contact.any(dim=1) & predicted.any(dim=1)
        for truth, said in zip(contact[both], predicted[both], strict=True):
            between = self.distances[said][:, truth]
            means = torch.stack([between.amin(1).mean(), between.amin(0).mean()])
            self.counts["micrometres"] += (means.double() * _MICROMETRES).round().long()
        self.counts["hands"] += both.sum()

    def compute(self) -> GeodesicScores:
        """Turn the counts into means."""
        hands = int(self.counts["hands"])
        sums = self.counts["micrometres"].tolist()
        there, back = (total / hands / 1e3 if hands else math.nan for total in sums)
        return GeodesicScores(predicted_to_true=there, true_to_predicted=back, num_hands=hands)
