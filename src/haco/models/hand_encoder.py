"""The encoder of `tiny`: the trunk of a network that has seen millions of real hands.

Mediapipe's hand landmark model (Google, Apache-2.0; Zhang et al. 2020, "MediaPipe Hands") lies in
the wheel of mediapipe 0.10.21, which finds our hands. Its trunk is a slim stack of inverted
residuals (Sandler et al. 2018, "MobileNetV2"), the batch norms folded into the convolutions.
`HandEncoder` has the same layers, so that training can start from its weights. It then joins the
last two strides, since contact asks for more places than 21 landmarks do.
"""

import importlib.util
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.files import InputError
from haco.models.initialise import draw_kernels
from haco.models.tflite import read_convolutions


class Block(NamedTuple):
    """One inverted residual."""

    wide: int
    """Channels between its two pointwise convolutions; if no more than come in, there is one."""
    size: int
    """Of the depthwise kernel."""
    stride: int
    channels: int
    """Channels that come out."""


STEM = 24
BLOCKS = (
    Block(24, 3, 1, 16),
    Block(64, 3, 2, 24),
    Block(144, 3, 1, 24),
    Block(144, 5, 2, 40),
    Block(240, 5, 1, 40),
    Block(240, 3, 2, 80),
    Block(480, 3, 1, 80),
    Block(480, 3, 1, 80),
    Block(480, 5, 1, 112),
    Block(672, 5, 1, 112),
    Block(672, 5, 1, 112),
    Block(672, 5, 2, 192),
    Block(1152, 5, 1, 192),
    Block(1152, 5, 1, 192),
    Block(1152, 5, 1, 192),
)
"""As in `hand_landmark_full.tflite`; a block whose input has its output's shape adds the two."""
FINE = 11
"""Blocks down to stride 16; the rest is at stride 32."""
KEPT = 5
"""First blocks that are not trained: edges and colours are the same in made and real pictures."""


class HandEncoder(nn.Module):
    """The trunk on the crop at a smaller size, its strides 16 and 32 joined at stride 16."""

    def __init__(self, *, channels: int, size: int) -> None:
        """Build it with random weights.

        Args:
            channels: Of the features.
            size: Side of the picture that the trunk sees, a multiple of 32.
        """
        super().__init__()
        self.size = size
        self.stem = SameConv(3, STEM, size=3, stride=2)
        widths = (STEM, *(block.channels for block in BLOCKS))
        self.blocks = nn.ModuleList(
            InvertedResidual(width, block) for width, block in zip(widths, BLOCKS, strict=False)
        )
        self.lateral = nn.Conv2d(BLOCKS[FINE - 1].channels, channels, 1)
        self.top = nn.Conv2d(BLOCKS[-1].channels, channels, 1)
        draw_kernels(self)
        for part in (self.stem, *self.blocks[:KEPT]):
            part.requires_grad_(requires_grad=False)

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give the features, `size` / 16 rows and columns.

        Args:
            image: Square crops, RGB, 0..1, of at least `size` pixels a side.
        """
        image = nn.functional.interpolate(image, (self.size, self.size), mode="bilinear")
        features = self.stem(image.contiguous(memory_format=torch.channels_last)).clamp_(0, 6)
        for block in self.blocks[:FINE]:
            features = block(features)
        fine = self.lateral(features)
        for block in self.blocks[FINE:]:
            features = block(features)
        coarse = nn.functional.interpolate(self.top(features), scale_factor=2.0, mode="nearest")
        return fine + coarse

    def start_from(self, path: Path) -> None:
        """Take the trunk's weights from mediapipe's hand landmark model.

        Args:
            path: Its `.tflite` file.

        Raises:
            InputError: The file cannot be read or holds another model.
        """
        trunk = [part for part in self.modules() if isinstance(part, SameConv)]
        found = read_convolutions(path)[: len(trunk)]
        shapes = [tuple(part.weight.shape) for part in trunk]
        if [tuple(convolution.weight.shape) for convolution in found] != shapes:
            raise InputError(
                f"{path}: is not mediapipe's hand_landmark_full; give that one, which lies in the "
                "wheel of mediapipe 0.10.21"
            )
        for part, convolution in zip(trunk, found, strict=True):
            part.load_state_dict(convolution._asdict())


class InvertedResidual(nn.Module):
    """Widen, look around channel by channel, narrow; and a shortcut where shapes allow it."""

    def __init__(self, channels: int, block: Block) -> None:
        super().__init__()
        wide = block.wide
        self.widen = None if wide == channels else SameConv(channels, wide, size=1)
        self.around = SameConv(wide, wide, size=block.size, stride=block.stride, groups=wide)
        self.narrow = SameConv(wide, block.channels, size=1)
        self.has_shortcut = block.stride == 1 and channels == block.channels

    def forward(
        self, features: Float[Tensor, "batch channels rows columns"]
    ) -> Float[Tensor, "batch channels_out rows_out columns_out"]:
        """Refine the features."""
        wide = features if self.widen is None else self.widen(features).clamp_(0, 6)
        narrow = self.narrow(self.around(wide).clamp_(0, 6))
        return features + narrow if self.has_shortcut else narrow


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow does: with a stride, more below and right than above."""

    def __init__(
        self, channels_in: int, channels: int, *, size: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(channels_in, channels, size, stride, size // 2, groups=groups)

    def forward(  # noqa: D102
        self, input: Float[Tensor, "batch channels rows columns"]
    ) -> Float[Tensor, "batch channels_out rows_out columns_out"]:
        if self.stride == (1, 1):
            return super().forward(input)
        # Of even sides, the only ones that a stride of 2 meets here. A kernel with zeros above and
        # left of it, padded evenly, does the same as a picture padded unevenly, and is smaller.
        # (Not by `pad`, of which torch's ONNX exporter loses the larger ones.)
        kernel = torch.cat([torch.zeros_like(self.weight[:, :, :1]), self.weight], dim=2)
        kernel = torch.cat([torch.zeros_like(kernel[..., :1]), kernel], dim=3)
        return nn.functional.conv2d(
            input, kernel, self.bias, self.stride, self.padding, groups=self.groups
        )


def installed_landmark_model() -> Path:
    """Find the hand landmark model in the installed mediapipe.

    Raises:
        InputError: mediapipe is not installed.
    """
    package = importlib.util.find_spec("mediapipe")
    if package is None or package.origin is None:
        raise InputError(
            "the weights that 'tiny' starts from lie in the wheel of mediapipe 0.10.21, which is "
            "not installed; pip install 'haco[detect]' with a Python below 3.13"
        )
    folder = Path(package.origin).parent / "modules" / "hand_landmark"
    return folder / "hand_landmark_full.tflite"
