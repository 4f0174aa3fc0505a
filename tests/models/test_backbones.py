"""The backbones' quirks that the golden numbers cannot see, and how `fixed` differs."""

from typing import TypeVar

import pytest
import torch
from golden_networks import images
from torch import nn

from haco.files import InputError
from haco.models import create_model
from haco.models.contact_net import IMAGENET, RAW, ContactNet
from haco.models.fpn import GatedPyramid
from haco.models.hrnet import HRNet
from haco.models.networks import HALF
from haco.models.resnet import ResNet
from haco.models.vit import Block, HamerVit, ResizedVit, VisionTransformer

Net = TypeVar("Net", bound=nn.Module)


def unbuilt(name: str, *, handling: str) -> ContactNet:
    with torch.device("meta"):
        return create_model(name, handling=handling)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def vit(generator: torch.Generator) -> VisionTransformer:
    return filled(VisionTransformer(dim=24, depth=2, num_heads=3), generator)


@pytest.fixture
def hamer(generator: torch.Generator) -> HamerVit:
    return filled(HamerVit(dim=32, depth=2, num_heads=2), generator)


def filled(net: Net, generator: torch.Generator) -> Net:
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    return net.eval()


def norm_epsilons(model: nn.Module) -> set[float]:
    return {module.eps for module in model.modules() if isinstance(module, nn.LayerNorm)}


@pytest.mark.parametrize("name", ["hamer", "vit-l-16", "vit-b-16", "vit-s-16"])
def test_norms_of_the_transformers_have_the_released_epsilon(name: str):
    model = unbuilt(name, handling="reference")
    assert norm_epsilons(model.backbone) == {1e-6}
    assert norm_epsilons(model.decoder) == {1e-5}


@pytest.mark.parametrize(
    ("name", "reference", "fixed"),
    [
        ("hamer", IMAGENET, IMAGENET),
        ("vit-s-16", IMAGENET, HALF),
        ("resnet-50", RAW, IMAGENET),
        ("hrnet-w32", IMAGENET, IMAGENET),
        ("handoccnet", RAW, RAW),
    ],
)
def test_normalisation_follows_the_handling(name: str, reference: tuple, fixed: tuple):
    assert unbuilt(name, handling="reference").normalisation == reference
    assert unbuilt(name, handling="fixed").normalisation == fixed


@pytest.mark.parametrize("name", ["tiny", "small", "base"])
def test_our_own_networks_have_no_reference_handling(name: str):
    with pytest.raises(InputError, match=f"'{name}' is ours"):
        create_model(name, handling="reference")


@pytest.mark.parametrize(
    ("name", "dim", "millions"), [("small", 384, (30, 40)), ("base", 768, (90, 110))]
)
def test_small_and_base_have_the_shapes_of_dinov2(name: str, dim: int, millions: tuple[int, int]):
    model = unbuilt(name, handling="fixed").eval()
    shapes = {key: tuple(value.shape) for key, value in model.backbone.vit.state_dict().items()}
    assert shapes["pos_embed"] == (1, 257, dim)
    assert shapes["patch_embed.proj.weight"] == (dim, 3, 14, 14)
    assert shapes["blocks.11.ls1.gamma"] == shapes["blocks.11.ls2.gamma"] == (dim,)
    assert len([key for key in shapes if key.startswith("blocks.0.")]) == 14
    assert millions[0] < sum(it.numel() for it in model.parameters()) / 1e6 < millions[1]
    assert model.normalisation == IMAGENET


def test_small_answers_and_all_of_it_learns():
    model = create_model("small").train()
    logits = model(images(1).sigmoid())
    assert logits.vertices.shape == (1, 778)
    assert logits.touch is not None
    (logits.vertices.square().sum() + logits.touch.sum()).backward()
    assert [name for name, it in model.named_parameters() if it.grad is None] == []


def test_layer_scale_weighs_both_branches(generator: torch.Generator):
    block = Block(16, 2, has_layer_scale=True)
    tokens = torch.randn(2, 5, 16, generator=generator)
    changed = []
    for scale in (block.ls1, block.ls2):
        assert not torch.equal(block(tokens), tokens)
        with torch.no_grad():
            scale.gamma.zero_()
        changed.append(block(tokens))
    assert not torch.equal(changed[0], tokens)
    torch.testing.assert_close(changed[1], tokens)


def test_reference_vit_reads_tokens_as_memory_and_fixed_by_place(
    vit: VisionTransformer, generator: torch.Generator
):
    image = torch.randn(2, 3, 224, 224, generator=generator)
    tokens = vit(image)
    flat = tokens.flatten(1)
    scrambled = ResizedVit(vit, is_reference=True)(image).flatten(2)
    placed = ResizedVit(vit, is_reference=False)(image)
    assert torch.equal(scrambled[1, 5, 40], flat[1, 5 * 196 + 40])
    assert torch.equal(scrambled.flatten(1), flat)
    assert torch.equal(placed[1, :, 2, 12], tokens[1, 2 * 14 + 12])


def test_only_the_fixed_vit_smooths_before_it_shrinks(vit: VisionTransformer):
    stripes = torch.zeros(1, 3, 256, 256)
    stripes[..., ::2] = 1.0
    seen = []
    vit.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    ResizedVit(vit, is_reference=True)(stripes)
    ResizedVit(vit, is_reference=False)(stripes)
    spread = [image.std().item() for image in seen]
    assert spread[1] < 0.8 * spread[0]


def test_class_token_is_heard_but_not_given_out(vit: VisionTransformer):
    image = images(1, 224)
    before = vit(image)
    assert before.shape == (1, 196, 24)
    with torch.no_grad():
        vit.cls_token[..., 0] += 10  # a shift of all channels alike would be normalised away
    assert (vit(image) - before).abs().max() > 1e-4


def test_hamer_sees_the_middle_192_columns(hamer: HamerVit):
    image = images(1)
    features = hamer(image)
    assert features.shape == (1, 32, 16, 12)
    outside, inside = image.clone(), image.clone()
    outside[..., :32] = 9.0
    outside[..., 224:] = 9.0
    inside[..., 32] = 9.0
    assert torch.equal(hamer(outside), features)
    assert not torch.equal(hamer(inside), features)


def test_hamer_adds_the_first_place_code_to_every_patch(hamer: HamerVit):
    image = images(1)
    features = hamer(image)
    with torch.no_grad():
        shift = torch.linspace(-1, 1, 32)  # not constant: norms would hide that
        hamer.pos_embed[:, 1:] += shift
        hamer.pos_embed[:, 0] -= shift
    torch.testing.assert_close(hamer(image), features, atol=1e-4, rtol=1e-4)


def test_hamer_drops_later_blocks_more_often_and_only_in_training(generator: torch.Generator):
    with torch.device("meta"):
        backbone = HamerVit()
    rates = [block.drop_path for block in backbone.blocks]
    assert rates[0] == 0
    assert rates[31] == pytest.approx(0.55)
    assert rates[1] == pytest.approx(0.55 / 31)
    block = Block(16, 2, drop_path=0.5)
    tokens = torch.randn(64, 5, 16, generator=generator)
    kept = block.eval()(tokens)
    trained = block.train()(tokens)
    is_dropped = (trained == tokens).flatten(1).all(dim=1)
    assert 0 < is_dropped.sum() < 64
    assert torch.equal(block.eval()(tokens), kept)


def test_drop_path_keeps_the_mean(generator: torch.Generator):
    block = Block(16, 2, drop_path=0.5).train()
    branch = torch.ones(4000, 1, 1)
    dropped = block._maybe_dropped(branch)
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert dropped.mean() == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("backbone", "shape"),
    [
        (lambda: ResNet("resnet-18"), (512, 4, 4)),
        (lambda: ResNet("resnet-50"), (2048, 4, 4)),
        (lambda: HRNet(32), (2048, 4, 4)),
        (GatedPyramid, (256, 16, 16)),
    ],
)
def test_strides(backbone, shape: tuple[int, int, int]):
    with torch.device("meta"):
        features = backbone().eval()(torch.zeros(1, 3, 128, 128))
    assert tuple(features.shape[1:]) == shape


@pytest.mark.parametrize(
    ("make", "dead"),
    [(GatedPyramid, {"smooth2"}), (lambda: HRNet(32), {"classifier"})],
)
def test_dead_weights_are_kept_but_never_run(make, dead: set[str]):
    with torch.device("meta"):
        backbone = make().eval()
        ran: set[str] = set()
        for name, module in backbone.named_modules():
            if not list(module.children()):
                module.register_forward_hook(lambda *_, name=name: ran.add(name))
        backbone(torch.zeros(1, 3, 128, 128))
    with_weights = {key.rsplit(".", 1)[0] for key in backbone.state_dict()}
    assert with_weights - ran == dead


@pytest.mark.slow
def test_largest_network_runs_at_full_size():
    model = create_model("hamer").eval()
    with torch.inference_mode():
        logits = model(images(1).sigmoid())
    assert logits.vertices.shape == (1, 778)
    assert logits.vertices.isfinite().all()
