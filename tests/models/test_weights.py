"""Weight files: what goes in comes out, and nothing else gets in."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from haco.files import InputError
from haco.models import WeightsMeta, bundled_weights, create_model, load_weights, save_weights
from haco.models.contact_net import ContactNet
from haco.types import ContactLogits

META = WeightsMeta(
    network="tiny",
    threshold=0.4,
    temperature=1.25,
    command="haco train --network tiny",
    picture_set="full",
    seed=3,
    scores={"average_precision": 0.5, "num_samples": 2048},
)


@pytest.fixture(scope="module")
def model() -> ContactNet:
    made = create_model("tiny")
    with torch.no_grad():
        for key, value in made.state_dict().items():
            if key.endswith("running_var"):
                value.fill_(1e-9)  # would be zero in float16
    return made.eval()


@pytest.fixture
def path(model: ContactNet, tmp_path: Path) -> Path:
    file = tmp_path / "made.safetensors"
    save_weights(file, model, META)
    return file


def rewrite(path: Path, **changes: torch.Tensor | None) -> None:
    """Change, add or (with None) drop tensors of a file; `__` in a name stands for a dot."""
    with safetensors.safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    for name, value in changes.items():
        key = name.replace("__", ".")
        tensors.pop(key, None)
        if value is not None:
            tensors[key] = value
    path.write_bytes(safetensors.torch.save(tensors, metadata))


def test_round_trip_keeps_meta_and_weights(model: ContactNet, path: Path):
    loaded, meta = load_weights(path)
    assert meta == META
    assert not loaded.training
    for key, value in model.state_dict().items():
        got = loaded.state_dict()[key]
        assert got.dtype == value.dtype
        torch.testing.assert_close(got, value, atol=1e-4, rtol=1e-3)


def test_vectors_and_full_files_are_exact(model: ContactNet, path: Path, tmp_path: Path):
    whole = tmp_path / "whole.safetensors"
    save_weights(whole, model, META, is_half=False)
    half, full = load_weights(path)[0].state_dict(), load_weights(whole)[0].state_dict()
    for key, value in model.state_dict().items():
        assert torch.equal(full[key], value)
        if value.ndim < 2:
            assert torch.equal(half[key], value)


def test_same_weights_make_the_same_bytes(model: ContactNet, path: Path, tmp_path: Path):
    again = tmp_path / "again.safetensors"
    save_weights(again, model, META)
    assert path.read_bytes() == again.read_bytes()
    assert path.stat().st_size < 20_000_000


def test_file_that_is_not_safetensors_is_refused(tmp_path: Path):
    file = tmp_path / "notes.safetensors"
    file.write_text("these are notes, and no weights")
    with pytest.raises(InputError, match=r"notes\.safetensors: damaged or not a safetensors file"):
        load_weights(file)


def test_truncated_file_is_refused(path: Path):
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match="damaged"):
        load_weights(path)


def test_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no such weights file"):
        load_weights(tmp_path / "none.safetensors")


def test_safetensors_of_others_are_refused(tmp_path: Path):
    file = tmp_path / "other.safetensors"
    file.write_bytes(safetensors.torch.save({"weight": torch.zeros(2)}))
    with pytest.raises(InputError, match="without haco's metadata"):
        load_weights(file)


def test_metadata_with_unknown_words_is_refused(tmp_path: Path):
    file = tmp_path / "newer.safetensors"
    words = json.dumps({"network": "tiny", "colour": "red"})
    file.write_bytes(safetensors.torch.save({"weight": torch.zeros(2)}, {"haco": words}))
    with pytest.raises(InputError, match="colour"):
        load_weights(file)


def test_weights_of_another_topology_are_refused(path: Path):
    assert load_weights(path, topology="open")[1].topology == "open"
    with pytest.raises(InputError, match=r"open hand's vertices, but the mano hand is in use"):
        load_weights(path, topology="mano")


def test_missing_extra_misshapen_and_nan_weights_are_refused(path: Path):
    rewrite(
        path,
        decoder__init_contact=None,
        decoder__extra=torch.zeros(1),
        decoder__deccontact__bias=torch.zeros(3),
        touch__bias=torch.full((1,), float("nan")),
    )
    with pytest.raises(InputError) as caught:
        load_weights(path)
    message = str(caught.value)
    assert "1 missing (decoder.init_contact)" in message
    assert "1 not expected (decoder.extra)" in message
    assert "1 misshapen (decoder.deccontact.bias (3,) instead of (778,))" in message
    assert "1 not finite (touch.bias)" in message
    assert "\n" not in message


def test_weights_that_overflow_are_not_written(tmp_path: Path):
    model = create_model("tiny")
    with torch.no_grad():
        model.decoder.deccontact.weight[0, 0] = 1e6  # beyond float16
    file = tmp_path / "bad.safetensors"
    with pytest.raises(InputError, match=r"decoder\.deccontact\.weight"):
        save_weights(file, model, META)
    assert list(tmp_path.iterdir()) == []


def test_meta_checks_its_values():
    with pytest.raises(InputError, match="topology 'smplx' is unknown"):
        WeightsMeta(network="tiny", topology="smplx")
    with pytest.raises(InputError, match="temperature is 0"):
        WeightsMeta(network="tiny", temperature=0.0)


def test_network_without_bundled_weights_says_so():
    with pytest.raises(InputError, match="no weights for 'hamer' ship with haco"):
        bundled_weights("hamer")


def test_calibration_scales_then_shifts_the_logits():
    meta = WeightsMeta(
        network="tiny", temperature=2.0, bias=-1.0, touch_temperature=4.0, touch_bias=0.5
    )
    logits = ContactLogits(torch.tensor([[2.0, -2.0]]), (), torch.tensor([2.0]))
    vertices, touch = meta.probabilities(logits)
    torch.testing.assert_close(vertices, torch.sigmoid(torch.tensor([[0.0, -2.0]])))
    torch.testing.assert_close(touch, torch.sigmoid(torch.tensor([1.0])))


def test_without_a_touch_head_the_surest_vertex_speaks_for_the_hand():
    logits = ContactLogits(torch.tensor([[2.0, -2.0]]), (), None)
    vertices, touch = WeightsMeta(network="tiny").probabilities(logits)
    torch.testing.assert_close(touch, vertices.amax(dim=1))
