"""Weights that somebody may hold, at each of the three doors: used, or refused in one line.

The doors are `official.load`, `haco convert` and `ContactPredictor.load`. The checkpoints here
have every key and shape of resnet-18, and one value behind all of them, so that they are small.
"""

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch
from data_writers.mano import mano_folder
from golden_networks import official_keys
from torch import Tensor

from haco.apps.predictor import ContactPredictor
from haco.cli import main
from haco.files import InputError
from haco.models import WeightsMeta, create_model, official

NAME = "resnet-18"
State = dict[str, Tensor]


def constant(backbone: str, value: float = 0.5, *, dtype: torch.dtype = torch.float32) -> State:
    """Give all weights of a network as views of one number; counters stay whole numbers."""
    numbers = {"float32": torch.tensor(value, dtype=dtype), "int64": torch.tensor(0)}
    return {
        entry["key"]: numbers[entry["dtype"]].expand(entry["shape"])
        for entry in official_keys(backbone)["entries"]
    }


def broken() -> State:
    return constant(NAME) | {"decoder.init_contact": torch.full((1, 778), torch.nan)}


HANDLED: dict[str, Callable[[], object]] = {
    "DataParallel in half precision": lambda: {
        "module." + key: value for key, value in constant(NAME, dtype=torch.float16).items()
    },
    "Lightning": lambda: {
        "pytorch-lightning_version": "2.4.0",
        "state_dict": {"model." + key: value for key, value in constant(NAME).items()},
        "hyper_parameters": {"lr": 1e-5},
        "optimizer_states": [{}],
    },
}


@pytest.mark.parametrize("what", HANDLED)
def test_common_wrappings_are_undone(what: str, tmp_path: Path):
    path, out = tmp_path / "given.ckpt", tmp_path / "made.safetensors"
    torch.save(HANDLED[what](), path)
    assert bool((official.load(path).decoder.init_contact == 0.5).all())
    assert main(["convert", str(path), "--out", str(out)]) == 0
    predictor = ContactPredictor.load(out, mano_dir=mano_folder())
    for key, value in predictor.network.state_dict().items():
        assert value.dtype == (torch.int64 if key.endswith("tracked") else torch.float32)


class Harmful:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


def write_cut(path: Path, state: State) -> None:
    torch.save(state, path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def write_cut_safetensors(path: Path) -> None:
    safetensors.torch.save_file({"backbone.conv1.weight": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:-100])


def write_harmful(path: Path) -> None:
    torch.save(constant(NAME) | {"evil": Harmful(path.parent / "ran")}, path)


def write_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"evil": Harmful(path.parent / "ran")}))


REFUSED: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "another network's": (
        "a.ckpt",
        lambda path: torch.save(constant("resnet-34"), path),
        "is a checkpoint of 'resnet-34', not of 'resnet-18'",
    ),
    "cut": ("a.ckpt", lambda path: write_cut(path, constant(NAME)), "damaged or not a checkpoint"),
    "cut safetensors": ("a.safetensors", write_cut_safetensors, "damaged or not"),
    "with code": ("a.pth", write_harmful, "refused, nothing in it was run: it asks to run"),
    "pickle with code": ("a.pt", write_pickle, "refused, nothing in it was run"),
    "pickle called safetensors": ("a.safetensors", write_pickle, "damaged or not"),
    "not numbers": (
        "a.ckpt",
        lambda path: torch.save(broken(), path),
        r"1 not finite \(decoder\.init_contact\)",
    ),
    "missing": ("a.ckpt", lambda path: None, "no such"),
}


def at_each_door(path: Path) -> dict[str, Callable[[], object]]:
    out = path.parent / "out.safetensors"
    return {
        "official.load": lambda: official.load(path, NAME),
        "haco convert": lambda: main(["convert", str(path), "--out", str(out), "--backbone", NAME]),
        "ContactPredictor.load": lambda: ContactPredictor.load(path),
    }


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_used_is_refused_in_one_line(what: str, tmp_path: Path, capsys):
    name, write, says = REFUSED[what]
    path = tmp_path / name
    write(path)
    doors = at_each_door(path)
    with pytest.raises(InputError, match=rf"a\.\w+: .*{says}") as caught:
        doors["official.load"]()
    assert "\n" not in str(caught.value)
    assert doors["haco convert"]() == 1
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert re.search(says, printed)
    with pytest.raises(InputError, match=r"a\.\w+: ") as caught:
        doors["ContactPredictor.load"]()
    assert "\n" not in str(caught.value)
    assert [it.name for it in tmp_path.iterdir()] == ([] if what == "missing" else [name])


def test_predictor_tells_what_to_do_with_others_files(tmp_path: Path):
    """It opens no checkpoint of others, so that what it predicts with always says what it is."""
    checkpoint, foreign = tmp_path / "a.ckpt", tmp_path / "a.safetensors"
    torch.save(constant(NAME), checkpoint)
    safetensors.torch.save_file({"backbone.conv1.weight": torch.zeros(3)}, foreign)
    with pytest.raises(InputError, match=r"a\.ckpt: another program's checkpoint.*haco convert"):
        ContactPredictor.load(checkpoint)
    with pytest.raises(InputError, match=r"without haco's metadata.*haco convert"):
        ContactPredictor.load(foreign)


@pytest.mark.parametrize(
    ("network", "prefix", "says"),
    [
        ("lab", "module.", r"not expected \(module\."),
        ("tiny", "", r"missing \(backbone\.blocks"),
    ],
    ids=["prefix", "another network's"],
)
def test_our_own_file_with_other_weights_in_it_is_refused(
    network: str, prefix: str, says: str, tmp_path: Path
):
    path = tmp_path / "a.safetensors"
    weights = create_model("lab").state_dict()
    state = {prefix + key: value.contiguous() for key, value in weights.items()}
    metadata = {"haco": WeightsMeta(network=network).to_json()}
    path.write_bytes(safetensors.torch.save(state, metadata))
    with pytest.raises(InputError, match=rf"a\.safetensors: does not fit the .*{says}") as caught:
        ContactPredictor.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["backbone.bn1.weight", "backbone.layer3.1.conv2.weight"])
def test_missing_key_is_named_even_if_the_network_is_known_by_it(key: str, tmp_path: Path):
    state = constant(NAME)
    del state[key]
    with pytest.raises(InputError, match=rf"1 missing \({re.escape(key)}\)"):
        official.load(state, NAME)
