"""Hands posed onto the joints that a detector saw, ready to be drawn over the photo."""

from collections.abc import Sequence

import numpy as np
import torch

from haco.apps.result import HandContact
from haco.hands.fit import fit_hands
from haco.hands.model import HandModel
from haco.pictures.posed import PosedHand
from haco.types import SIDES


def fit_report(surface: HandModel, hands: Sequence[HandContact]) -> dict[int, PosedHand]:
    """Fit the surface to every hand whose joints were seen.

    Args:
        surface: The right hand.
        hands: What the predictor said.

    Returns:
        The posed hands by their place in `hands`; given boxes, and joints all in one place, have
        none.
    """
    posed: dict[int, PosedHand] = {}
    for side in SIDES:
        model = surface if side == "right" else surface.mirrored()
        seen = {
            number: hand.keypoints
            for number, hand in enumerate(hands)
            if hand.side == side and hand.keypoints is not None
        }
        if not seen:
            continue
        fit = fit_hands(model, torch.from_numpy(np.stack(list(seen.values()))).double())
        for row, number in enumerate(seen):
            if not torch.isfinite(fit.error[row]):
                continue
            posed[number] = PosedHand(
                side=side,
                vertices=fit.vertices[row].numpy(),
                faces=model.closed_faces.numpy(),
                probability=hands[number].probability.astype(np.float64),
                error=float(fit.error[row]),
                is_close=bool(fit.is_close[row]),
            )
    return dict(sorted(posed.items()))
