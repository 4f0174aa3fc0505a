"""Others' checkpoints: what fits is loaded, what does not is refused in one line that says why."""

import argparse
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import safetensors.torch
import torch
from golden_networks import BACKBONES, official_keys
from torch import Tensor

from haco.files import InputError
from haco.models import checkpoints, load_weights, official, save_weights
from haco.models.checkpoints import read_state
from haco.models.networks import create_unfilled

NAME = "resnet-18"


def zeros(backbone: str) -> dict[str, Tensor]:
    dtypes = {"float32": torch.float32, "int64": torch.int64}
    return {
        entry["key"]: torch.zeros(entry["shape"], dtype=dtypes[entry["dtype"]])
        for entry in official_keys(backbone)["entries"]
    }


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    made = zeros(NAME)
    made["decoder.init_contact"] = torch.linspace(-2, 2, 778)[None]
    return made


def small(value: float = 1.0) -> dict[str, Tensor]:
    return {"backbone.a": torch.full((2,), value), "decoder.b": torch.zeros(3)}


@pytest.mark.parametrize("backbone", BACKBONES)
def test_backbone_is_guessed_from_the_keys(backbone: str):
    entries = official_keys(backbone)["entries"]
    with torch.device("meta"):
        made = {entry["key"]: torch.zeros(entry["shape"]) for entry in entries}
    assert official.guess_backbone(made) == backbone


def test_state_dict_loads_strictly_for_the_released_input(state: dict[str, Tensor]):
    model = official.load(state)
    assert not model.training
    assert model.normalisation.mean == (0.0, 0.0, 0.0)
    for key, value in model.state_dict().items():
        assert torch.equal(value, state[key])


def test_file_of_training_loads(state: dict[str, Tensor], tmp_path: Path):
    path = tmp_path / "haco_full_epoch9.ckpt"
    torch.save({"epoch": 9, "global_step": 10, "state_dict": state, "optimizer": {}}, path)
    model = official.load(path, NAME)
    assert torch.equal(model.decoder.init_contact, state["decoder.init_contact"])


def test_converted_file_gives_the_same_weights_and_handling(
    state: dict[str, Tensor], tmp_path: Path
):
    path = tmp_path / "converted.safetensors"
    meta = official.describe(NAME, source="haco_final_resnet_18_checkpoint.ckpt")
    save_weights(path, official.load(state), meta, is_half=False)
    model, read = load_weights(path)
    assert (read.handling, read.topology, read.source) == ("reference", "mano", meta.source)
    assert model.normalisation.mean == (0.0, 0.0, 0.0)
    assert torch.equal(model.decoder.init_contact, state["decoder.init_contact"])


def test_missing_extra_and_misshapen_keys_are_named(state: dict[str, Tensor]):
    broken = dict(state)
    del broken["backbone.bn1.weight"]
    broken["backbone.fc.weight"] = torch.zeros(1000, 512)
    broken["decoder.deccontact.weight"] = torch.zeros(778, 512)
    with pytest.raises(InputError) as caught:
        official.load(broken)
    message = str(caught.value)
    assert "1 missing (backbone.bn1.weight)" in message
    assert "1 not expected (backbone.fc.weight)" in message
    assert "decoder.deccontact.weight (778, 512) instead of (778, 1024)" in message
    assert "\n" not in message


def test_weights_that_are_not_numbers_are_refused(state: dict[str, Tensor]):
    broken = dict(state) | {"decoder.init_contact": torch.full((1, 778), float("nan"))}
    with pytest.raises(InputError, match=r"1 not finite \(decoder\.init_contact\)"):
        official.load(broken)


def test_checkpoint_of_another_backbone_says_of_which(state: dict[str, Tensor]):
    with pytest.raises(InputError, match="is a checkpoint of 'resnet-18', not of 'resnet-50'"):
        official.load(state, "resnet-50")


def test_weights_without_a_known_network_are_refused():
    with pytest.raises(InputError, match=r"no HACO network has such keys .*'conv1\.weight'"):
        official.load({"conv1.weight": torch.zeros(64, 3, 7, 7)})
    with pytest.raises(InputError, match="no released network is called 'tiny'"):
        official.load(small(), "tiny")


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "model."])
def test_prefixes_of_wrappers_are_taken_off(prefix: str):
    wrapped = {prefix + key: value for key, value in small().items()}
    assert read_state({"state_dict": wrapped})[1].keys() == small().keys()


def test_half_precision_becomes_float32():
    _, found = read_state({key: value.half() for key, value in small(0.5).items()})
    assert found["backbone.a"].dtype == torch.float32
    assert found["backbone.a"].tolist() == [0.5, 0.5]


def test_safetensors_of_others_are_read(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file(small(), path)
    assert read_state(path)[1].keys() == small().keys()


def test_settings_beside_the_weights_are_passed_over(tmp_path: Path):
    path = tmp_path / "hamer.ckpt"
    settings = argparse.Namespace(dim=3, inner=argparse.Namespace(depth=4))
    torch.save({"state_dict": small(), "hyper_parameters": settings}, path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    assert read_state(path)[1].keys() == small().keys()


class Harmful:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("is_plain_pickle", [False, True])
def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path: Path, *, is_plain_pickle: bool):
    path, target = tmp_path / "evil.ckpt", tmp_path / "ran"
    content = {"state_dict": small() | {"evil": Harmful(target)}}
    if is_plain_pickle:
        path.write_bytes(pickle.dumps({"evil": Harmful(target)}))
    else:
        torch.save(content, path)
    with pytest.raises(InputError, match=r"evil\.ckpt: refused, nothing in it was run") as caught:
        read_state(path)
    assert "\n" not in str(caught.value)
    assert not target.exists()


def test_stand_ins_are_inert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Even a function of a library whose settings are passed over is not run."""
    path, target = tmp_path / "evil.ckpt", tmp_path / "ran"
    torch.save({"state_dict": small(), "settings": Harmful(target)}, path)
    monkeypatch.setattr(checkpoints, "SETTINGS_LIBRARIES", ("pathlib",))
    with pytest.raises(InputError):
        read_state(path)
    assert not target.exists()


def test_truncated_empty_and_foreign_files_are_refused(tmp_path: Path):
    whole = tmp_path / "whole.ckpt"
    torch.save({"state_dict": small()}, whole)
    content = whole.read_bytes()
    for name, part in {
        "half": content[: len(content) // 2],
        "empty": b"",
        "text": b"hello",
    }.items():
        path = tmp_path / f"{name}.ckpt"
        path.write_bytes(part)
        with pytest.raises(InputError, match=rf"{name}\.ckpt: (damaged|refused)") as caught:
            read_state(path)
        assert "\n" not in str(caught.value)
    archive = tmp_path / "photos.ckpt"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("photo.jpg", "not weights")
    with pytest.raises(InputError, match=r"photos\.ckpt: damaged or not a checkpoint"):
        read_state(archive)
    with pytest.raises(InputError, match="no such checkpoint"):
        read_state(tmp_path / "none.ckpt")


@pytest.mark.parametrize(
    "content", [[1, 2], {}, {"epoch": 3}, {"state_dict": {}}, {"state_dict": OrderedDict(a=1)}]
)
def test_checkpoint_without_weights_is_refused(content: object, tmp_path: Path):
    path = tmp_path / "settings.ckpt"
    torch.save(content, path)
    with pytest.raises(InputError, match=r"settings\.ckpt: holds no state dict"):
        read_state(path)


def test_unfilled_network_has_its_constants():
    model = create_unfilled("resnet-18")
    assert model.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])
    model = create_unfilled("tiny")
    assert model.std.flatten().tolist() == [1, 1, 1]
    assert model.context is not None
    # The last of ten cells of 25.6 pixels a side.
    centre = (9 * 25.6 + (25.6 - 1) / 2) / 256
    assert model.context.grid[-1].tolist() == pytest.approx([centre, centre])
