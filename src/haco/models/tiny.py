"""The network `tiny`: small enough to train and to run on a CPU core or two."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.contact_net import ContactNet
from haco.models.decoder import ContactDecoder

FEATURE_SIZE = 16
"""Rows and columns of the features of a 256-pixel crop."""
NUM_KEYPOINTS = 21


def tiny() -> ContactNet:
    """Build `tiny`: a slim convolutional encoder and a decoder a quarter of the usual width."""
    channels = 192
    return ContactNet(
        SlimEncoder(widths=(32, 64, 128, 256), depths=(1, 2, 2), channels=channels),
        ContactDecoder(
            context_dim=channels, dim=256, depth=4, num_heads=8, head_dim=32, hidden_dim=512
        ),
        context=KeypointContext(channels),
        has_touch=True,
    )


class SlimEncoder(nn.Module):
    """Plain residual stages at strides 8, 16 and 32, joined again at stride 16.

    Dense 3x3 convolutions: on a CPU they give more accuracy a second than depthwise ones.
    """

    def __init__(
        self, *, widths: tuple[int, int, int, int], depths: tuple[int, int, int], channels: int
    ) -> None:
        super().__init__()
        self.stem = _conv(3, widths[0], size=8, stride=4)
        stages = []
        for width_in, width, depth in zip(widths[:-1], widths[1:], depths, strict=True):
            blocks = [ResidualBlock(width) for _ in range(depth)]
            stages.append(nn.Sequential(_conv(width_in, width, size=3, stride=2), *blocks))
        self.stages = nn.ModuleList(stages)
        self.lateral = nn.Conv2d(widths[2], channels, 1)
        self.top = nn.Conv2d(widths[3], channels, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                module.weight.data = module.weight.contiguous(memory_format=torch.channels_last)

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give the features at stride 16.

        Args:
            image: Normalised; sides are multiples of 32.
        """
        features = self.stem(image.contiguous(memory_format=torch.channels_last))
        stride_8, stride_16, stride_32 = self.stages
        fine = stride_16(stride_8(features))
        coarse = self.top(stride_32(fine))
        return self.lateral(fine) + nn.functional.interpolate(
            coarse, scale_factor=2.0, mode="nearest"
        )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width, size=3, stride=1)
        norm = nn.BatchNorm2d(width)
        nn.init.zeros_(norm.weight)  # the block starts as the identity
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), norm)

    def forward(
        self, features: Float[Tensor, "batch width rows columns"]
    ) -> Float[Tensor, "batch width rows columns"]:
        """Refine the features at one size."""
        # Fresh memory costs as much as the arithmetic here, hence the in-place ReLUs.
        return torch.relu_(features + self.second(self.first(features)))


def _conv(channels_in: int, channels: int, *, size: int, stride: int) -> nn.Sequential:
    padding = (size - stride + 1) // 2
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, size, stride=stride, padding=padding, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


class KeypointContext(nn.Module):
    """Image tokens that know their place, and one token for each of the hand's 21 keypoints.

    A heat map a keypoint says where it is; the same map pools the features found there. So the
    decoder reads "what is at the tip of the index finger" without having to search for it.
    """

    grid: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.position = nn.Parameter(0.02 * torch.randn(channels, FEATURE_SIZE, FEATURE_SIZE))
        self.heat = nn.Conv2d(channels, NUM_KEYPOINTS, 1)
        self.joint = nn.Parameter(0.02 * torch.randn(NUM_KEYPOINTS, channels))
        self.register_buffer("grid", _cell_centres(FEATURE_SIZE), persistent=False)

    def forward(
        self, features: Float[Tensor, "batch channels rows columns"]
    ) -> tuple[Float[Tensor, "batch tokens channels"], Float[Tensor, "batch 21 2"]]:
        """Give the tokens, and the keypoints as fractions of the crop."""
        heat = self.heat(features).flatten(2).softmax(dim=-1)
        places = (features + self.position).flatten(2).transpose(1, 2)
        joints = heat @ places + self.joint
        return torch.cat([places, joints], dim=1), heat @ self.grid


def _cell_centres(size: int, pixels: int = 256) -> Float[Tensor, "cells 2"]:
    """Centres (x, y) of the feature cells, as crop pixels divided by the crop's size."""
    cell = pixels / size
    centres = (cell * torch.arange(size) + (cell - 1) / 2) / pixels
    rows, columns = torch.meshgrid(centres, centres, indexing="ij")
    return torch.stack([columns, rows], dim=-1).flatten(0, 1)
