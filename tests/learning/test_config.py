"""Configs: light to import, and refusing what makes no sense."""

import dataclasses
import subprocess
import sys

import pytest

from haco.data.settings import Augmentation
from haco.learning.config import PRESETS, LossConfig, OptimConfig, TrainConfig


def test_config_loads_without_torch():
    code = (
        "import sys, haco.learning.config;"
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


def test_presets_name_their_network_and_can_be_changed():
    assert PRESETS["tiny"].network == "tiny"
    changed = dataclasses.replace(PRESETS["debug"], seed=1)
    assert changed.seed == 1
    assert changed.epochs * changed.num_train // changed.batch_size == 10
