"""The network `tiny`: small enough to train and to run on a CPU core or two."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.contact_net import ContactNet
from haco.models.context import KeypointContext
from haco.models.decoder import ContactDecoder
from haco.models.initialise import draw_kernels


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
    """Plain residual stages on the picture at half its size, at strides 8, 16 and 32 of that.

    The last two are joined at stride 16. At full size the same network sees no more, since a hand
    in a crop is rarely sharper than that, and takes four times as long to train.

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
        draw_kernels(self)

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give the features at stride 32 of the picture.

        Args:
            image: Normalised; sides are multiples of 64.
        """
        half = nn.functional.avg_pool2d(image.contiguous(memory_format=torch.channels_last), 2)
        features = self.stem(half)
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
