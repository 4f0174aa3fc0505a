"""ResNet-18 to -152 without pooling and classifier, with torchvision's parameter names.

He et al. 2016, in the common later form: a bottleneck strides in its 3x3 convolution.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.initialise import draw_kernels

Activation = Callable[[Tensor], Tensor]

DEPTHS: dict[str, tuple[bool, tuple[int, int, int, int]]] = {
    "resnet-18": (False, (2, 2, 2, 2)),
    "resnet-34": (False, (3, 4, 6, 3)),
    "resnet-50": (True, (3, 4, 6, 3)),
    "resnet-101": (True, (3, 4, 23, 3)),
    "resnet-152": (True, (3, 8, 36, 3)),
}
"""Whether the blocks are bottlenecks, and how many each stage has."""
WIDTHS = (64, 128, 256, 512)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    expansion = 1

    def __init__(
        self,
        channels_in: int,
        width: int,
        *,
        stride: int = 1,
        activation: Activation = torch.relu_,
    ) -> None:
        super().__init__()
        self.conv1 = conv3x3(channels_in, width, stride=stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(channels_in, width, stride=stride)
        self.activation = activation

    def forward(
        self, features: Float[Tensor, "batch channels rows columns"]
    ) -> Float[Tensor, "batch width _ _"]:
        """Add what the convolutions say to the shortcut."""
        shortcut = features if self.downsample is None else self.downsample(features)
        refined = self.activation(self.bn1(self.conv1(features)))
        refined = self.bn2(self.conv2(refined))
        return self.activation(refined + shortcut)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions around a shortcut, four times as wide outside as inside."""

    expansion = 4

    def __init__(
        self,
        channels_in: int,
        width: int,
        *,
        stride: int = 1,
        activation: Activation = torch.relu_,
    ) -> None:
        super().__init__()
        channels = width * self.expansion
        self.conv1 = nn.Conv2d(channels_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width, stride=stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)
        self.downsample = _shortcut(channels_in, channels, stride=stride)
        self.activation = activation

    def forward(
        self, features: Float[Tensor, "batch channels rows columns"]
    ) -> Float[Tensor, "batch width _ _"]:
        """Add what the convolutions say to the shortcut."""
        shortcut = features if self.downsample is None else self.downsample(features)
        refined = self.activation(self.bn1(self.conv1(features)))
        refined = self.activation(self.bn2(self.conv2(refined)))
        refined = self.bn3(self.conv3(refined))
        return self.activation(refined + shortcut)


class ResNet(nn.Module):
    """The stem and the four stages."""

    def __init__(self, name: str) -> None:
        super().__init__()
        is_bottleneck, depths = DEPTHS[name]
        block = Bottleneck if is_bottleneck else BasicBlock
        self.channels = WIDTHS[-1] * block.expansion
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for index, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True)):
            made = stage(block, channels, width, depth=depth, stride=1 if index == 0 else 2)
            self.add_module(f"layer{index + 1}", made)
            channels = width * block.expansion
        draw_kernels(self)

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give the last stage's features, at stride 32."""
        image = image.contiguous(memory_format=torch.channels_last)
        features = torch.relu_(self.bn1(self.conv1(image)))
        features = nn.functional.max_pool2d(features, 3, stride=2, padding=1)
        for index in range(len(WIDTHS)):
            features = self.get_submodule(f"layer{index + 1}")(features)
        return features


def stage(
    block: type[BasicBlock] | type[Bottleneck],
    channels_in: int,
    width: int,
    *,
    depth: int,
    stride: int,
    activation: Activation = torch.relu_,
) -> nn.Sequential:
    """Build the blocks of one resolution; the first strides and changes the width."""
    blocks = [block(channels_in, width, stride=stride, activation=activation)]
    channels = width * block.expansion
    blocks += [block(channels, width, activation=activation) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)


def conv3x3(channels_in: int, channels: int, *, stride: int = 1) -> nn.Conv2d:
    """Build a 3x3 convolution that keeps the size, or divides it by the stride."""
    return nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)


def _shortcut(channels_in: int, channels: int, *, stride: int) -> nn.Sequential | None:
    if stride == 1 and channels_in == channels:
        return None
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels)
    )
