"""The network `lab`: small enough for many experiments on one CPU core."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.contact_net import ContactNet
from haco.models.context import KeypointContext
from haco.models.decoder import ContactDecoder
from haco.models.initialise import draw_kernels


def lab() -> ContactNet:
    """Build `lab`: a third of `tiny`, which sees 64 pixels a side, for experiments.

    It takes pictures of any multiple of 64 pixels, and is best trained on 64 x 64 crops.
    """
    channels = 128
    return ContactNet(
        SlimEncoder(side=64, stem=6, widths=(24, 64, 128), depths=(1, 1), channels=channels),
        ContactDecoder(
            context_dim=channels, dim=256, depth=2, num_heads=8, head_dim=32, hidden_dim=512
        ),
        context=KeypointContext(channels, size=8),
        has_touch=True,
    )


class SlimEncoder(nn.Module):
    """Plain residual stages on the picture averaged down to a small size, after a stem of stride 4.

    Each stage halves the size; the last two are joined at that of the last but one.
    """

    def __init__(
        self, *, side: int, stem: int, widths: Sequence[int], depths: Sequence[int], channels: int
    ) -> None:
        """Draw the kernels.

        Args:
            side: Pixels along each side to which the picture is averaged down.
            stem: Pixels along each side of the stem's kernel.
            widths: Channels of the stem and of each stage.
            depths: Residual blocks of each stage.
            channels: Of what comes out.
        """
        super().__init__()
        self.side = side
        self.stem = _conv(3, widths[0], size=stem, stride=4)
        stages = []
        for width_in, width, depth in zip(widths[:-1], widths[1:], depths, strict=True):
            blocks = [ResidualBlock(width) for _ in range(depth)]
            stages.append(nn.Sequential(_conv(width_in, width, size=3, stride=2), *blocks))
        self.stages = nn.ModuleList(stages)
        self.lateral = nn.Conv2d(widths[-2], channels, 1)
        self.top = nn.Conv2d(widths[-1], channels, 1)
        draw_kernels(self)

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give the features after the last stage but one.

        Args:
            image: Normalised; its sides are a multiple of `side`.
        """
        shrink = image.shape[-1] // self.side
        channels_last = image.contiguous(memory_format=torch.channels_last)
        fine = self.stem(nn.functional.avg_pool2d(channels_last, shrink))
        *stages, last = self.stages
        for stage in stages:
            fine = stage(fine)
        coarse = self.top(last(fine))
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
