"""What a run starts from."""

import numpy as np
import pytest
import torch
from torch import nn

from haco.data.labels import Truth
from haco.files import InputError
from haco.learning.config import ContactStart, TrainConfig
from haco.learning.start import start_training
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


@pytest.mark.parametrize("start", ["mean", "random", "none"])
def test_contact_starts_from_the_mean_at_random_or_from_nothing(start: ContactStart):
    contact = np.zeros((4, 778), bool)
    contact[:3, :100] = True
    config = TrainConfig(network="lab", contact_start=start)
    torch.manual_seed(0)  # noqa: TID251
    training = start_training(
        config, Truth(contact, np.ones_like(contact)), torch.device("cpu"), has_checkpoint=False
    )
    vector = training.network.decoder.init_contact
    learned = [each for group in training.optimizer.param_groups for each in group["params"]]
    assert any(each is vector for each in learned) == (start != "none")
    if start == "mean":
        torch.testing.assert_close(vector[0, :100].sigmoid(), torch.full((100,), 0.75))
    elif start == "random":
        assert 0.8 < vector.std() < 1.2
    else:
        assert not vector.any()
