"""What a run starts from."""

import pytest
import torch
from torch import nn

from haco.files import InputError
from haco.models.vit import Block, HamerVit, set_drop_path


def test_drop_path_grows_evenly_from_the_first_block_to_the_last():
    network = nn.Sequential(*[Block(8, 2) for _ in range(3)])
    set_drop_path(network, 0.4)
    assert [block.drop_path for block in network] == pytest.approx([0, 0.2, 0.4])
    with torch.device("meta"):
        hamer = HamerVit()
    assert hamer.blocks[-1].drop_path == 0.55


def test_drop_path_is_refused_by_other_networks():
    with pytest.raises(InputError, match="drop_path is for vision transformers"):
        set_drop_path(nn.Sequential(nn.Conv2d(3, 3, 1)), 0.1)
