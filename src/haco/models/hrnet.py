"""HRNet-W32 and -W48 for classification, up to the 2048 channels before pooling.

Wang et al., "Deep High-Resolution Representation Learning", 2020, with the parameter names of the
public ImageNet checkpoints.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.initialise import draw_kernels
from haco.models.resnet import BasicBlock, Bottleneck, conv3x3, stage

NUM_MODULES = (1, 4, 3)
"""Exchange modules of the stages with two, three and four branches."""
HEAD_WIDTHS = (32, 64, 128, 256)
NUM_CLASSES = 1000


class HRNet(nn.Module):
    """Branches at strides 4 to 32 that exchange what they see, joined at stride 32."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.channels = 2048
        widths = tuple(width * 2**branch for branch in range(4))
        self.conv1 = conv3x3(3, 64, stride=2)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = conv3x3(64, 64, stride=2)
        self.bn2 = nn.BatchNorm2d(64)
        self.layer1 = stage(Bottleneck, 64, 64, depth=4, stride=1)
        self.transition1 = nn.ModuleList(
            [_unit(256, widths[0]), nn.Sequential(_unit(256, widths[1], stride=2))]
        )
        self.stage2 = _exchange_modules(widths[:2], NUM_MODULES[0])
        self.transition2 = _new_branch(widths[:3])
        self.stage3 = _exchange_modules(widths[:3], NUM_MODULES[1])
        self.transition3 = _new_branch(widths)
        self.stage4 = _exchange_modules(widths, NUM_MODULES[2])
        self.incre_modules = nn.ModuleList(
            stage(Bottleneck, channels, head, depth=1, stride=1)
            for channels, head in zip(widths, HEAD_WIDTHS, strict=True)
        )
        self.downsamp_modules = nn.ModuleList(
            _unit(4 * head, 8 * head, stride=2, has_bias=True) for head in HEAD_WIDTHS[:-1]
        )
        self.final_layer = _unit(1024, self.channels, size=1, has_bias=True)
        # In the checkpoints, but not part of the features: it is not computed.
        self.classifier = nn.Linear(self.channels, NUM_CLASSES)
        draw_kernels(self)

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give the joined features, at stride 32."""
        image = image.contiguous(memory_format=torch.channels_last)
        features = torch.relu_(self.bn1(self.conv1(image)))
        features = torch.relu_(self.bn2(self.conv2(features)))
        features = self.layer1(features)
        branches = self.stage2([transition(features) for transition in self.transition1])
        branches = self.stage3([*branches, self.transition2[-1](branches[-1])])
        branches = self.stage4([*branches, self.transition3[-1](branches[-1])])
        wide = [widen(branch) for widen, branch in zip(self.incre_modules, branches, strict=True)]
        joined = wide[0]
        for shrink, coarser in zip(self.downsamp_modules, wide[1:], strict=True):
            joined = coarser + shrink(joined)
        return self.final_layer(joined)


class ExchangeModule(nn.Module):
    """Four residual blocks a branch, and then every branch hears every other."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            stage(BasicBlock, width, width, depth=4, stride=1) for width in widths
        )
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_path(widths, source, target) for source in range(len(widths)))
            for target in range(len(widths))
        )

    def forward(
        self, branches: list[Float[Tensor, "batch _ _ _"]]
    ) -> list[Float[Tensor, "batch _ _ _"]]:
        """Refine all branches and add to each what the paths bring from the others."""
        refined = [blocks(x) for blocks, x in zip(self.branches, branches, strict=True)]
        return [
            torch.relu_(
                sum_of([path(x) for path, x in zip(paths.children(), refined, strict=True)])
            )
            for paths in self.fuse_layers
        ]


def sum_of(parts: list[Float[Tensor, "..."]]) -> Float[Tensor, "..."]:
    """Add tensors of one shape, from left to right, into fresh memory."""
    total = parts[0] + parts[1]
    for part in parts[2:]:
        total += part
    return total


def _path(widths: tuple[int, ...], source: int, target: int) -> nn.Module:
    if source == target:
        return nn.Identity()
    if source > target:
        return nn.Sequential(
            nn.Conv2d(widths[source], widths[target], 1, bias=False),
            nn.BatchNorm2d(widths[target]),
            nn.Upsample(scale_factor=float(2 ** (source - target)), mode="nearest"),
        )
    steps = [_unit(widths[source], widths[source], stride=2) for _ in range(target - source - 1)]
    last = nn.Sequential(
        conv3x3(widths[source], widths[target], stride=2), nn.BatchNorm2d(widths[target])
    )
    return nn.Sequential(*steps, last)


def _exchange_modules(widths: tuple[int, ...], count: int) -> nn.Sequential:
    return nn.Sequential(*[ExchangeModule(widths) for _ in range(count)])


def _new_branch(widths: tuple[int, ...]) -> nn.ModuleList:
    """Make the coarsest of `widths` from the branch before it; the others pass unchanged."""
    unchanged = [nn.Identity() for _ in widths[:-1]]
    return nn.ModuleList([*unchanged, nn.Sequential(_unit(widths[-2], widths[-1], stride=2))])


def _unit(
    channels_in: int, channels: int, *, size: int = 3, stride: int = 1, has_bias: bool = False
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, size, stride=stride, padding=size // 2, bias=has_bias),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )
