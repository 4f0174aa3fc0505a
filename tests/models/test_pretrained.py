"""Starting weights: each public file's own names find their way into our backbones."""

from pathlib import Path

import huggingface_hub
import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError
from torch import Tensor

from haco.files import InputError
from haco.models.contact_net import ContactNet
from haco.models.decoder import ContactDecoder
from haco.models.fpn import GatedPyramid
from haco.models.hrnet import HRNet
from haco.models.pretrained import PUBLIC, fetch_public, initialise_backbone
from haco.models.resnet import ResNet
from haco.models.vit import HamerVit, ResizedVit, VisionTransformer


def network(backbone: torch.nn.Module, context_dim: int) -> ContactNet:
    decoder = ContactDecoder(
        context_dim=context_dim, dim=16, depth=1, num_heads=2, head_dim=4, hidden_dim=16
    )
    return ContactNet(backbone, decoder)


def numbered(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give every tensor a value of its own, so that none can take another's place."""
    return {key: torch.full_like(value, index) for index, (key, value) in enumerate(state.items())}


def assert_loaded(model: ContactNet, wanted: dict[str, Tensor]) -> None:
    for key, value in model.backbone.state_dict().items():
        assert torch.equal(value, wanted[key]), key


def test_torchvision_resnet():
    model = network(ResNet("resnet-18"), 512)
    wanted = numbered(model.backbone.state_dict())
    decoder = model.decoder.deccontact.weight.clone()
    initialise_backbone(model, wanted | {"fc.weight": torch.zeros(2), "fc.bias": torch.zeros(2)})
    assert_loaded(model, wanted)
    assert torch.equal(model.decoder.deccontact.weight, decoder)


def test_old_torchvision_file_that_counts_no_batches():
    model = network(ResNet("resnet-18"), 512)
    wanted = numbered(model.backbone.state_dict())
    old = {key: value for key, value in wanted.items() if not key.endswith("tracked")}
    initialise_backbone(model, old)
    assert torch.equal(model.backbone.state_dict()["bn1.weight"], wanted["bn1.weight"])


def test_timm_vit():
    vit = VisionTransformer(dim=24, depth=1, num_heads=3)
    model = network(ResizedVit(vit, is_reference=False), 24)
    wanted = numbered(vit.state_dict())
    initialise_backbone(model, wanted | {"head.weight": torch.zeros(2)})
    assert_loaded(model, {f"vit.{key}": value for key, value in wanted.items()})


def dino() -> ContactNet:
    vit = VisionTransformer(dim=24, depth=1, num_heads=3, patch=14, has_layer_scale=True)
    return network(ResizedVit(vit, is_reference=False), 24)


def test_dinov2_vit_made_for_larger_images():
    """Its table of 37 x 37 places becomes 16 x 16: a ramp over the image stays that ramp."""
    model = dino()
    wanted = numbered(model.backbone.vit.state_dict())
    ramp = torch.linspace(0, 1, 37)
    table = (ramp[:, None] + 10 * ramp[None]).flatten()[None, :, None].expand(1, -1, 24)
    found = wanted | {
        "pos_embed": torch.cat([torch.full((1, 1, 24), 7.0), table], dim=1),
        "mask_token": torch.zeros(1, 24),
    }
    initialise_backbone(model, found)
    state = model.backbone.vit.state_dict()
    assert torch.equal(state["blocks.0.ls1.gamma"], wanted["blocks.0.ls1.gamma"])
    places = state["pos_embed"]
    assert places.shape == (1, 257, 24)
    assert (places[:, 0] == 7).all()
    inner = (torch.arange(16) + 0.5) / 16 * 37 / 36 - 0.5 / 36
    expected = (inner[:, None] + 10 * inner[None])[3:-3, 3:-3]
    got = places[0, 1:, 5].unflatten(0, (16, 16))[3:-3, 3:-3]
    torch.testing.assert_close(got, expected, atol=1e-3, rtol=1e-3)


def test_dinov2_with_registers_is_refused():
    model = dino()
    state = model.backbone.vit.state_dict() | {"register_tokens": torch.zeros(1, 4, 24)}
    with pytest.raises(InputError, match=r"1 not expected \(vit\.register_tokens\)"):
        initialise_backbone(model, state)


def test_hamer_checkpoint_gives_its_backbone_and_leaves_its_head(tmp_path: Path):
    model = network(HamerVit(dim=32, depth=1, num_heads=2), 32)
    wanted = numbered(model.backbone.state_dict())
    state = {f"backbone.{key}": value for key, value in wanted.items()}
    path = tmp_path / "hamer.ckpt"
    torch.save({"state_dict": state | {"mano_head.decpose.weight": torch.zeros(2)}}, path)
    initialise_backbone(model, path)
    assert_loaded(model, wanted)


def test_handoccnet_snapshot(tmp_path: Path):
    model = network(GatedPyramid(), 256)
    wanted = numbered(model.backbone.state_dict())
    state = {f"module.backbone.{key}": value for key, value in wanted.items()}
    path = tmp_path / "snapshot_demo.pth.tar"
    torch.save({"network": state | {"module.FIT.conv.weight": torch.zeros(2)}, "epoch": 3}, path)
    initialise_backbone(model, path)
    assert_loaded(model, wanted)


@pytest.fixture(scope="module")
def hrnet() -> ContactNet:
    return network(HRNet(32), 2048)


MMPOSE_NAMES = {
    "incre_modules.": "head.0.",
    "downsamp_modules.": "head.1.",
    "final_layer.": "head.2.",
    "classifier.": "fc.",
}


def as_mmpose(key: str) -> str:
    for ours, theirs in MMPOSE_NAMES.items():
        if key.startswith(ours):
            return theirs + key.removeprefix(ours)
    return key


def test_hrnet_head_under_its_other_names_is_not_left_random(hrnet: ContactNet):
    wanted = numbered(hrnet.backbone.state_dict())
    initialise_backbone(hrnet, {as_mmpose(key): value for key, value in wanted.items()})
    assert_loaded(hrnet, wanted)


def test_hrnet_file_without_the_head_is_refused(hrnet: ContactNet):
    state = numbered(hrnet.backbone.state_dict())
    body = {key: value for key, value in state.items() if key == as_mmpose(key)}
    with pytest.raises(InputError, match=r"missing \(downsamp_modules"):
        initialise_backbone(hrnet, body)


def test_hrnet_does_without_a_classifier(hrnet: ContactNet):
    wanted = numbered(hrnet.backbone.state_dict())
    initialise_backbone(
        hrnet, {key: value for key, value in wanted.items() if "classifier" not in key}
    )
    assert torch.equal(hrnet.backbone.state_dict()["conv1.weight"], wanted["conv1.weight"])


def test_weights_of_another_backbone_are_refused():
    model = network(ResNet("resnet-34"), 512)
    with pytest.raises(InputError, match="does not fit the network"):
        initialise_backbone(model, ResNet("resnet-18").state_dict())


def test_unreachable_hub_is_said_plainly(monkeypatch: pytest.MonkeyPatch):
    def unreachable(*_: str, **__: object) -> str:
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", unreachable)
    with pytest.raises(InputError, match=r"timm/resnet18\.tv_in1k: cannot be fetched"):
        fetch_public("resnet-18")


def test_network_without_public_weights_says_which_have_some():
    assert "hamer" not in PUBLIC
    with pytest.raises(InputError, match="no public weights are known for 'hamer'"):
        fetch_public("hamer")
