"""The backbone `handoccnet`: a ResNet-50 feature pyramid under a spatial gate.

Park et al., HandOccNet, CVPR 2022, with its parameter names. Only the features that the gate lets
through are used here.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.initialise import draw_kernels
from haco.models.resnet import DEPTHS, WIDTHS, Bottleneck, stage


class GatedPyramid(nn.Module):
    """Features at stride 8, gated by one number a place."""

    def __init__(self, channels: int = 256) -> None:
        super().__init__()
        self.channels = channels
        self.toplayer = nn.Conv2d(2048, channels, 1)
        self.layer0 = nn.Sequential(
            nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64)
        )
        channels_in = 64
        _, depths = DEPTHS["resnet-50"]
        for index, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True)):
            stride = 1 if index == 0 else 2
            blocks = stage(
                Bottleneck, channels_in, width, depth=depth, stride=stride, activation=_leaky_relu
            )
            self.add_module(f"layer{index + 1}", nn.Sequential(blocks))
            channels_in = width * Bottleneck.expansion
        # In the checkpoints, but nothing ever reads what it makes: it is not computed.
        self.smooth2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.smooth3 = nn.Conv2d(channels, channels, 3, padding=1)
        self.latlayer1 = nn.Conv2d(1024, channels, 1)
        self.latlayer2 = nn.Conv2d(512, channels, 1)
        self.latlayer3 = nn.Conv2d(256, channels, 1)
        self.attention_module = Gate()
        draw_kernels(self)

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give the gated features."""
        image = image.contiguous(memory_format=torch.channels_last)
        features = nn.functional.max_pool2d(_leaky_relu(self.layer0(image)), 3, stride=2, padding=1)
        stages = []
        for index in range(len(WIDTHS)):
            features = self.get_submodule(f"layer{index + 1}")(features)
            stages.append(features)
        pyramid = self.toplayer(stages[3])
        laterals = (self.latlayer1, self.latlayer2, self.latlayer3)
        for lateral, finer in zip(laterals, stages[2::-1], strict=True):
            pyramid = nn.functional.interpolate(
                pyramid, size=finer.shape[2:], mode="bilinear", align_corners=False
            ) + lateral(finer)
        return self.attention_module(nn.functional.avg_pool2d(self.smooth3(pyramid), 2))


class Gate(nn.Module):
    """Multiply every place by a number in 0..1, read from its neighbourhood."""

    def __init__(self) -> None:
        super().__init__()
        self.spatial = SpatialScore()

    def forward(
        self, features: Float[Tensor, "batch channels rows columns"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Let through what the score says belongs to the hand."""
        return features * self.spatial(features).sigmoid()


class SpatialScore(nn.Module):
    """One score a place, from the largest and the mean channel around it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.bn = nn.BatchNorm2d(1, momentum=0.01)

    def forward(
        self, features: Float[Tensor, "batch channels rows columns"]
    ) -> Float[Tensor, "batch 1 rows columns"]:
        """Score every place."""
        summary = torch.stack([features.amax(dim=1), features.mean(dim=1)], dim=1)
        return self.bn(self.conv(summary))


def _leaky_relu(features: Tensor) -> Tensor:
    return nn.functional.leaky_relu_(features, 0.01)
