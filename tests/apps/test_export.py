"""ONNX files: the same numbers, at any batch size, behind the same predictor."""

import builtins
import dataclasses
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from apps.hands import FixedDetector
from haco.apps.export import Parity, export_onnx, measure_parity
from haco.apps.predictor import ContactPredictor
from haco.apps.quantise import measure_loss, quantise
from haco.cli import main
from haco.data.index import open_dataset
from haco.files import InputError
from haco.models.contact_net import ContactNet
from haco.models.decoder import ContactDecoder
from haco.models.fpn import GatedPyramid
from haco.models.hrnet import HRNet
from haco.models.onnx_net import load_onnx
from haco.models.resnet import ResNet
from haco.models.vit import HamerVit, ResizedVit, VisionTransformer
from haco.models.weights import WeightsMeta

META = WeightsMeta(network="tiny", threshold=0.3, temperature=1.5, bias=-0.1)


def slim(backbone: nn.Module, context_dim: int, *, has_touch: bool = False) -> ContactNet:
    """A network of one decoder layer whose pictures matter to its answer."""
    decoder = ContactDecoder(
        context_dim=context_dim, dim=32, depth=1, num_heads=2, head_dim=8, hidden_dim=32
    )
    model = ContactNet(backbone, decoder, has_touch=has_touch).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        # Not the backbone: a deep one would blow the noise up until nothing is finite.
        for parameter in model.decoder.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return model


def vit(*, is_reference: bool) -> ResizedVit:
    return ResizedVit(VisionTransformer(dim=24, depth=1, num_heads=3), is_reference=is_reference)


@pytest.fixture(scope="module")
def network() -> ContactNet:
    return slim(vit(is_reference=False), 24, has_touch=True)


@pytest.fixture(scope="module")
def exported(network: ContactNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "net.onnx"
    export_onnx(network, META, path)
    return path


def check_parity(parity: Parity) -> None:
    assert parity.scale > 0.1
    assert parity.largest < 1e-4 * max(1.0, parity.scale)


def test_exported_network_gives_the_same_logits_at_any_batch_size(
    network: ContactNet, exported: Path
):
    model, meta = load_onnx(exported)
    assert meta == META
    for batch in (1, 2, 5):
        image = torch.rand(batch, 3, 256, 256, generator=torch.Generator().manual_seed(batch))
        with torch.inference_mode():
            ours, theirs = network(image), model(image)
        torch.testing.assert_close(theirs.vertices, ours.vertices, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(theirs.touch, ours.touch, atol=1e-4, rtol=1e-4)
        assert theirs.keypoints is None
    assert ours.vertices.std(dim=0).max() > 1e-3  # the pictures matter


def test_a_network_that_is_not_finite_cannot_be_compared(exported: Path):
    broken = slim(vit(is_reference=False), 24, has_touch=True)
    with torch.no_grad():
        broken.decoder.deccontact.bias.fill_(torch.nan)
    with pytest.raises(InputError, match="not finite on made pictures"):
        measure_parity(broken, exported)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "channels"),
    [
        (lambda: vit(is_reference=True), 24),
        (lambda: HamerVit(dim=32, depth=1, num_heads=2), 32),
        (lambda: ResNet("resnet-18"), 512),
        (GatedPyramid, 256),
        (lambda: HRNet(32), 2048),
    ],
    ids=["vit-reference", "hamer", "resnet", "handoccnet", "hrnet"],
)
def test_every_kind_of_backbone_can_be_exported(backbone, channels: int, tmp_path: Path):
    check_parity(export_onnx(slim(backbone(), channels), META, tmp_path / "net.onnx"))


@pytest.mark.slow
def test_bundled_network_can_be_exported_and_shrunk(tmp_path: Path, capsys):
    out = tmp_path / "tiny.onnx"
    assert main(["export", "tiny", "--onnx", str(out), "--int8", "--num", "32"]) == 0
    printed = capsys.readouterr().out
    assert "average precision on 32 hands of synthetic/easy" in printed
    small = tmp_path / "tiny-int8.onnx"
    assert sorted(tmp_path.iterdir()) == [small, out]
    assert small.stat().st_size < 0.8 * out.stat().st_size
    reader = open_dataset("synthetic/easy", split="test", num=32)
    predictor = ContactPredictor.load(small)
    original = ContactPredictor.load("tiny")
    assert isinstance(original.network, ContactNet)
    loss = measure_loss(original.network, predictor.network, predictor.meta, reader)
    assert loss.before is not None
    assert loss.after == pytest.approx(loss.before, abs=0.02)
    assert 0 < loss.flipped < 0.02


def test_predictor_runs_an_onnx_file_like_any_weights(network: ContactNet, exported: Path, rng):
    detector = FixedDetector([])
    predictor = ContactPredictor.load(exported, detector=detector)
    assert predictor.meta == META
    plain = dataclasses.replace(predictor, network=network)
    image = rng.integers(0, 255, (240, 320, 3), np.uint8)
    first, second = (it(image, box=(60, 40, 150, 160), side="left") for it in (predictor, plain))
    np.testing.assert_allclose(first.probability, second.probability, atol=1e-5)
    assert first.touch == pytest.approx(second.touch, abs=1e-5)
    assert first.threshold == 0.3
    with pytest.raises(InputError, match="saved by copying it"):
        predictor.save_pretrained("anywhere")


def test_eight_bits_change_little_and_the_loss_is_measured(
    network: ContactNet, exported: Path, tmp_path: Path
):
    small = tmp_path / "small.onnx"
    quantise(exported, small)
    kinds = {node.op_type for node in onnx.load(small).graph.node}
    assert "MatMulInteger" in kinds
    model, meta = load_onnx(small)
    reader = open_dataset("synthetic/easy", split="test", num=4)
    loss = measure_loss(network, model, meta, reader)
    assert loss.num_hands == 4
    assert loss.before == pytest.approx(loss.after, abs=0.05)
    assert 0 <= loss.flipped < 0.1
    mano = dataclasses.replace(meta, topology="mano")
    assert measure_loss(network, model, mano, reader).before is None


def test_loss_sees_a_network_that_answers_otherwise(network: ContactNet, exported: Path):
    """The measure is not blind: against a network with other weights it says so."""
    other = slim(vit(is_reference=False), 24, has_touch=True)
    with torch.no_grad():
        other.decoder.deccontact.weight.mul_(-1)
    reader = open_dataset("synthetic/easy", split="test", num=4)
    meta = dataclasses.replace(META, threshold=0.5, temperature=1.0, bias=0.0)
    loss = measure_loss(other, load_onnx(exported)[0], meta, reader)
    assert loss.flipped > 0.1


def test_large_networks_keep_their_weights_beside(network: ContactNet, tmp_path: Path):
    path = tmp_path / "big.onnx"
    check_parity(export_onnx(network, META, path, external_from=0))
    assert sorted(it.name for it in tmp_path.iterdir()) == ["big.onnx", "big.onnx.data"]
    check_parity(measure_parity(network, path))
    weights = tmp_path / "big.onnx.data"
    weights.write_bytes(weights.read_bytes()[:5000])
    refuse_in_one_line(path, "cannot be run")
    weights.unlink()
    refuse_in_one_line(path, "cannot be run")


def test_export_that_differs_is_not_written(
    network: ContactNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        "haco.apps.export.measure_parity", lambda *_: Parity(largest=0.1, scale=2.0, batches=(1,))
    )
    with pytest.raises(InputError, match=r"not written, its logits differ by 0\.1"):
        export_onnx(network, META, tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


def test_bad_onnx_files_are_refused_in_one_line(exported: Path, tmp_path: Path):
    half, foreign = tmp_path / "half.onnx", tmp_path / "foreign.onnx"
    half.write_bytes(exported.read_bytes()[:5000])
    model = onnx.load(exported)
    del model.metadata_props[:]
    onnx.save(model, foreign)
    for path, says in {
        half: "cannot be run",
        foreign: "ONNX without haco's metadata",
        tmp_path / "none.onnx": "no such ONNX file",
    }.items():
        refuse_in_one_line(path, says)


def refuse_in_one_line(path: Path, says: str) -> None:
    with pytest.raises(InputError, match=rf"{path.name}: {says}") as caught:
        ContactPredictor.load(path)
    assert "\n" not in str(caught.value)


def test_onnx_file_whose_weights_are_not_numbers_gives_no_answer(
    exported: Path, tmp_path: Path, rng
):
    model = onnx.load(exported)
    for tensor in model.graph.initializer:
        if "init_contact" in tensor.name or "deccontact" in tensor.name:
            values = np.full_like(onnx.numpy_helper.to_array(tensor), np.nan)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    broken = tmp_path / "nan.onnx"
    onnx.save(model, broken)
    predictor = ContactPredictor.load(broken, detector=FixedDetector([]))
    with pytest.raises(InputError, match="give numbers that are not finite"):
        predictor(
            rng.integers(0, 255, (240, 320, 3), np.uint8), box=(60, 40, 150, 160), side="left"
        )


def test_wrong_names_devices_and_sources_are_refused(
    network: ContactNet, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(InputError, match=r"end the name with that"):
        export_onnx(network, META, tmp_path / "net.bin")
    with pytest.raises(InputError, match="cannot compute on 'cuda'; try cpu"):
        load_onnx(exported, torch.device("cuda"))
    assert "CUDAExecutionProvider" not in onnxruntime.get_available_providers()
    assert main(["export", str(exported), "--onnx", str(tmp_path / "again.onnx")]) == 1
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_it_says_what_to_install(
    network: ContactNet, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    real = builtins.__import__

    def without(name: str, *arguments: object, **options: object):
        if name.startswith("onnx"):
            raise ImportError(name)
        return real(name, *arguments, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install 'haco\[export\]'"):
        load_onnx(exported)
    with pytest.raises(InputError, match=r"pip install 'haco\[export\]'"):
        export_onnx(network, META, tmp_path / "net.onnx")
