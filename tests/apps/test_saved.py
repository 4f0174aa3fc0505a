"""Saving a predictor whole, to a folder and to the hub, and getting the same one back."""

import dataclasses
import json
import shutil
import socket
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import yaml

from haco.apps.predictor import ContactPredictor
from haco.files import InputError
from haco.models.weights import WeightsMeta

META = WeightsMeta(
    network="tiny",
    threshold=0.37,
    touch_threshold=0.6,
    temperature=1.5,
    bias=-0.25,
    command="haco train tiny | tee log",
    scores={"average_precision": 0.5, "num_samples": 2048.0},
    licence="CC-BY-4.0",
)
BOX = (60, 40, 150, 160)


@pytest.fixture
def predictor(make_predictor) -> ContactPredictor:
    return dataclasses.replace(make_predictor(), meta=META)


def front_matter(card: str) -> dict:
    return yaml.safe_load(card.split("---")[1])


def test_what_is_saved_comes_back_whole(predictor, tmp_path: Path, rng):
    predictor.save_pretrained(tmp_path / "hands")
    assert sorted(path.name for path in (tmp_path / "hands").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    again = ContactPredictor.from_pretrained(tmp_path / "hands")
    assert again.meta == META
    image = rng.integers(0, 255, (240, 320, 3), np.uint8)
    first, second = (each(image, box=BOX, side="left") for each in (predictor, again))
    np.testing.assert_array_equal(first.probability, second.probability)
    assert (second.threshold, second.touch) == (0.37, first.touch)


def test_config_is_readable_and_card_names_licence_scores_and_use(predictor, tmp_path: Path):
    predictor.save_pretrained(tmp_path / "my-hands")
    config = json.loads((tmp_path / "my-hands/config.json").read_text())
    assert (config["model_type"], config["network"], config["threshold"]) == ("haco", "tiny", 0.37)
    card = (tmp_path / "my-hands/README.md").read_text()
    assert front_matter(card)["license"] == "cc-by-4.0"
    assert "# my-hands" in card
    assert "| average precision | 0.5 |" in card
    assert r"| made by | haco train tiny \| tee log |" in card


def test_unknown_licence_is_given_in_words(predictor, tmp_path: Path):
    meta = dataclasses.replace(META, licence="that of the source", topology="mano", scores={})
    dataclasses.replace(predictor, meta=meta).save_pretrained(tmp_path)
    card = (tmp_path / "README.md").read_text()
    front = front_matter(card)
    assert (front["license"], front["license_name"]) == ("other", "that of the source")
    assert "MANO's files, under their own licence" in card
    assert "carry no scores" in card


def test_a_changed_copy_of_the_config_is_refused_not_ignored(predictor, tmp_path: Path):
    predictor.save_pretrained(tmp_path)
    config = tmp_path / "config.json"
    whole = config.read_text()
    config.write_text(whole.replace('"threshold": 0.37', '"threshold": 0.9'))
    with pytest.raises(InputError, match=r"says threshold 0\.9, but the weights .* say 0\.37"):
        ContactPredictor.from_pretrained(tmp_path)
    config.write_text("{")
    with pytest.raises(InputError, match=r"config\.json: not JSON"):
        ContactPredictor.from_pretrained(tmp_path)
    config.unlink()
    assert ContactPredictor.from_pretrained(tmp_path).meta.threshold == 0.37


def test_a_file_in_the_way_is_named(predictor, tmp_path: Path):
    (tmp_path / "hands").touch()
    with pytest.raises(InputError, match="hands: is a file; name a folder"):
        predictor.save_pretrained(tmp_path / "hands")


class FakeHub:
    """The hub's few calls, over a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create_repo(self, repository: str, *, private: bool, exist_ok: bool):
        assert exist_ok
        (self.root / repository).mkdir(parents=True, exist_ok=True)
        (self.root / repository / "private").write_text(str(private))
        return huggingface_hub.RepoUrl(f"https://huggingface.co/{repository}")

    def upload_folder(self, *, repo_id: str, folder_path: Path, commit_message: str) -> None:
        assert commit_message
        shutil.copytree(folder_path, self.root / repo_id, dirs_exist_ok=True)

    def download(self, repository: str, name: str, *, revision: str | None, **_: object) -> str:
        assert revision == "v1"
        return str(self.root / repository / name)


def test_hub_round_trip(predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hub = FakeHub(tmp_path)
    monkeypatch.setattr("haco.models.hub._is_offline", lambda: False)
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: hub)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hub.download)
    url = predictor.push_to_hub("ann/hands", private=True)
    assert url == "https://huggingface.co/ann/hands"
    assert (tmp_path / "ann/hands/private").read_text() == "True"
    assert "# hands" in (tmp_path / "ann/hands/README.md").read_text()
    assert ContactPredictor.from_pretrained("ann/hands", revision="v1").meta == META


def test_upload_that_is_refused_or_impossible_is_one_line(
    predictor, monkeypatch: pytest.MonkeyPatch
):
    class Refusing:
        def create_repo(self, *_: object, **__: object):
            raise OSError("Token is required\nmore words")

    monkeypatch.setattr("haco.models.hub._is_offline", lambda: False)
    monkeypatch.setattr(huggingface_hub, "HfApi", Refusing)
    with pytest.raises(InputError, match=r"ann/hands: not uploaded \(Token is required\)") as one:
        predictor.push_to_hub("ann/hands")
    assert "\n" not in str(one.value)

    def unknown(*_: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.undo()
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    with pytest.raises(InputError, match="not uploaded, no way to the Hugging Face hub"):
        predictor.push_to_hub("ann/hands")
