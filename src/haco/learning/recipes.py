"""Recipes: whole training runs by name, to start from and to change.

Nothing here imports torch.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from haco.data.settings import GENTLE_AUGMENTATION, PAPER_AUGMENTATION
from haco.learning.config import LossConfig, OptimConfig, SamplingConfig, TrainConfig

_PAPER = TrainConfig(
    network="hamer",
    epochs=10,
    batch_size=24,
    protocol="paper",
    workers=2,
    augmentation=PAPER_AUGMENTATION,
    sampling=SamplingConfig(balanced=True, untouched=0.0),
    optim=OptimConfig(
        learning_rate=1e-5,
        schedule="steps",
        milestones=(5, 10),
        step_factor=0.9,
        warm_up=0.0,
        weight_decay=1e-4,
        decay_everything=True,
        betas=(0.9, 0.95),
        clip=0.0,
        ema=0.0,
    ),
)

_MODERN = TrainConfig(
    initial_weights="public",
    epochs=10,
    precision="bfloat16",
    workers=2,
    optim=OptimConfig(learning_rate=5e-4, layer_decay=0.8, ema=0.998),
)

_DEBUG = TrainConfig(
    datasets=("synthetic/easy",),
    num_train=40,
    num_val=16,
    epochs=2,
    batch_size=8,
    workers=0,
    augmentation=None,
)

_TINY = TrainConfig(
    initial_weights="public",
    epochs=5,
    batch_size=32,
    augmentation=dataclasses.replace(
        GENTLE_AUGMENTATION, rotation_probability=0.2, low_resolution_probability=0.1
    ),
    loss=LossConfig(
        false_positives=0.0,
        regularisation=0.0,
        smoothness=0.0,
        touch=0.3,
        keypoints=2.0,
        vertex_share=0.0,
    ),
    optim=OptimConfig(backbone_share=0.3),
)

RECIPES: Mapping[str, TrainConfig] = MappingProxyType(
    {"paper": _PAPER, "modern": _MODERN, "debug": _DEBUG, "tiny": _TINY}
)
"""Each can be run with any network, except that not every network has `public` initial weights.

- `paper`: as HACO was trained (arXiv 2505.11152): AdamW at 1e-5, times 0.9 at epochs 5 and 10,
  batches of 24, ten epochs, balanced contact sampling, stochastic depth of 0.55 in `hamer`.
- `modern`: public weights to start from, warm-up and cosine, rates that fall towards the picture,
  averaged weights, bfloat16, clipped gradients.
- `debug`: ten steps on made pictures: a minute on a CPU.
- `tiny`: made the bundled weights on two CPU cores, from 24,000 packed `full` pictures; `make tiny`
  does all of it. So short a run has no use for the terms that are left out.
"""
