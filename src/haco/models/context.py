"""What the decoder reads, where a network is trained to find the hand's keypoints as well."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.initialise import draw_normal

NUM_KEYPOINTS = 21


class KeypointContext(nn.Module):
    """Image tokens that know their place, and one token for each of the hand's 21 keypoints.

    A heat map a keypoint says where it is; the same map pools the features found there. So the
    decoder reads "what is at the tip of the index finger" without having to search for it.
    """

    grid: Tensor

    def __init__(self, channels: int, *, size: int) -> None:
        """Draw the first weights.

        Args:
            channels: Of the features.
            size: Rows and columns of the features.
        """
        super().__init__()
        self.position = nn.Parameter(torch.zeros(channels, size, size))
        self.heat = nn.Conv2d(channels, NUM_KEYPOINTS, 1)
        self.joint = nn.Parameter(torch.zeros(NUM_KEYPOINTS, channels))
        draw_normal(self.position, std=0.02)
        draw_normal(self.joint, std=0.02)
        self.reset_constants()

    def forward(
        self, features: Float[Tensor, "batch channels rows columns"]
    ) -> tuple[Float[Tensor, "batch tokens channels"], Float[Tensor, "batch 21 2"]]:
        """Give the tokens, and the keypoints as fractions of the crop."""
        heat = self.heat(features).flatten(2).softmax(dim=-1)
        places = (features + self.position).flatten(2).transpose(1, 2)
        joints = heat @ places + self.joint
        return torch.cat([places, joints], dim=1), heat @ self.grid

    def reset_constants(self) -> None:
        """Make the grid again, after the memory was replaced."""
        self.register_buffer("grid", _cell_centres(self.position.shape[-1]), persistent=False)


def _cell_centres(size: int, pixels: int = 256) -> Float[Tensor, "cells 2"]:
    """Centres (x, y) of the feature cells, as crop pixels divided by the crop's size."""
    cell = pixels / size
    centres = [(cell * index + (cell - 1) / 2) / pixels for index in range(size)]
    return torch.tensor([(x, y) for y in centres for x in centres])
