"""Configs: light to import, and refusing what makes no sense."""

import dataclasses
import subprocess
import sys
import typing

import pytest

from haco.data.settings import Augmentation
from haco.learning.config import LossConfig, LossName, OptimConfig, TrainConfig
from haco.learning.optim import learning_rate
from haco.learning.recipes import RECIPES
from haco.learning.rivals import RIVALS


def test_config_loads_without_torch():
    code = (
        "import sys, haco.learning.recipes;"
        "sys.exit(', '.join({'torch', 'cv2', 'numpy'} & set(sys.modules)) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TrainConfig, {"epochs": 0}),
        (TrainConfig, {"datasets": ()}),
        (TrainConfig, {"workers": -1}),
        (TrainConfig, {"dataset_weights": (1.0, 2.0)}),
        (TrainConfig, {"dataset_weights": (0.0,)}),
        (TrainConfig, {"drop_path": 1.0}),
        (OptimConfig, {"learning_rate": 0.0}),
        (OptimConfig, {"ema": 1.0}),
        (OptimConfig, {"backbone_share": -0.1}),
        (OptimConfig, {"layer_decay": 0.0}),
        (LossConfig, {"smoothness": -1.0}),
        (Augmentation, {"noise_probability": 1.5}),
        (Augmentation, {"zoom": 0.0}),
    ],
)
def test_senseless_values_are_refused(kind, values):
    with pytest.raises(ValueError, match=r"must|needs at least one|may weigh|augmentation needs"):
        kind(**values)


def test_every_rival_can_be_chosen_by_name():
    assert set(typing.get_args(LossName)) == {"vcb", *RIVALS}


def test_recipes_can_be_changed():
    assert RECIPES["tiny"].network == "tiny"
    changed = dataclasses.replace(RECIPES["debug"], seed=1)
    assert changed.seed == 1
    assert changed.epochs * changed.num_train // changed.batch_size == 10


def test_paper_recipe_is_the_papers():
    paper = RECIPES["paper"]
    optim = paper.optim
    assert (optim.learning_rate, optim.betas, optim.weight_decay) == (1e-5, (0.9, 0.95), 1e-4)
    assert (paper.batch_size, paper.epochs, optim.clip, optim.ema) == (24, 10, 0, 0)
    rates = [learning_rate(step, 100, paper.epochs, optim) for step in range(1000)]
    assert rates == pytest.approx([1e-5] * 500 + [9e-6] * 500)
