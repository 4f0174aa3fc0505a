"""The table of docs/models.md says of each network what is so."""

import re

import pytest
import torch

from conftest import REPOSITORY
from haco.models import NETWORKS, create_model
from haco.models.contact_net import ContactNet
from haco.models.pretrained import PUBLIC
from haco.models.rivals.family import RIVALS, SIZES, rival_name

PAGE = (REPOSITORY / "docs/models.md").read_text("utf-8").partition("## A checkpoint")[0]
ROWS = re.findall(r"^\| `([\w-]+)` \| (.*\| .*\| .*\| .*\| .*\|.*) \|$", PAGE, re.MULTILINE)
TABLE: dict[str, list[str]] = {}
for _name, _row in ROWS:
    TABLE.setdefault(_name, [cell.strip() for cell in _row.split("|")])  # then come tables of speed


def on_no_device(name: str) -> ContactNet:
    with torch.device("meta"):
        return create_model(name).eval()


def test_every_network_has_a_row():
    rivals = {rival_name(rival, encoder) for rival in RIVALS for encoder in SIZES}
    # Rivals are for comparisons only, and other tests add `plain`.
    assert list(TABLE) == [name for name in NETWORKS if name not in rivals | {"plain"}]


@pytest.mark.parametrize("name", TABLE)
def test_row_gives_features_parameters_and_starting_weights(name: str):
    _, features, parameters, _, start, licence = TABLE[name]
    network = on_no_device(name)
    made = network.encode(torch.zeros(1, 3, 256, 256, device="meta"))
    assert features == " x ".join(str(size) for size in made.shape[1:])
    assert parameters == f"{sum(it.numel() for it in network.parameters()) / 1e6:.1f}"
    if name in PUBLIC:
        assert start == f"`{PUBLIC[name]}`"
        assert licence in ("Apache-2.0", "MIT", "BSD-3-Clause")
