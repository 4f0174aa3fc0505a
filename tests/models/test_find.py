"""What a user may write for weights, and what is said when there are none."""

import socket
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from haco.files import InputError
from haco.models.find import find_weights
from haco.models.weights import bundled_weights


def test_names_files_and_folders(tmp_path: Path):
    assert find_weights("tiny") == bundled_weights("tiny")
    assert find_weights("runs/best.safetensors") == Path("runs/best.safetensors")
    assert find_weights(tmp_path / "net.onnx") == tmp_path / "net.onnx"
    saved = tmp_path / "model.safetensors"
    saved.touch()
    assert find_weights(tmp_path) == saved


def test_a_place_on_the_hub_is_fetched(monkeypatch: pytest.MonkeyPatch):
    asked = []

    def download(repository: str, name: str, *, revision: str, local_files_only: bool) -> str:
        asked.append((repository, name, revision))
        return "/cache/model.safetensors"

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    assert find_weights("ann/hands.v2", revision="main") == Path("/cache/model.safetensors")
    assert asked == [("ann/hands.v2", "model.safetensors", "main")]


def test_a_folder_goes_before_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "ann/hands").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"ann/hands: a folder without model\.safetensors"):
        find_weights("ann/hands")
    (tmp_path / "ann/hands/best.safetensors").touch()
    with pytest.raises(InputError, match=r"it has best\.safetensors: name one"):
        find_weights("ann/hands")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (LocalEntryNotFoundError, "no way to the Hugging Face hub from here; download its"),
        (RepositoryNotFoundError, "no such place on the Hugging Face hub, nor a folder here"),
        (GatedRepoError, "lets in only those who asked"),
        (RevisionNotFoundError, "has no revision 'v9'"),
        (EntryNotFoundError, r"has no model\.safetensors on the Hugging Face hub"),
        (HfHubHTTPError, r"cannot be fetched from the Hugging Face hub \(HfHubHTTPError\)"),
    ],
)
def test_the_hub_failing_is_one_clear_line(error: type, says: str, monkeypatch: pytest.MonkeyPatch):
    made = error.__new__(error)  # their own constructors want an answer from a server
    Exception.__init__(made, "line one\nline two")

    def fail(*_: str, **__: object) -> str:
        raise made

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    with pytest.raises(InputError, match=says) as caught:
        find_weights("ann/hands", revision="v9")
    assert str(caught.value).startswith("ann/hands: ")
    assert "\n" not in str(caught.value)


def test_without_a_network_only_the_cache_is_asked(monkeypatch: pytest.MonkeyPatch):
    def unknown(*_: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    with pytest.raises(InputError, match=r"ann/hands-v0: cannot be fetched, no way to the"):
        find_weights("ann/hands-v0")


@pytest.mark.parametrize("suffix", [".ckpt", ".pth", ".pt", ".pth.tar"])
def test_a_checkpoint_of_others_is_told_how_to_be_converted(suffix: str, tmp_path: Path):
    path = tmp_path / f"x{suffix}"
    with pytest.raises(InputError, match=rf"x{suffix}: no such file"):
        find_weights(path)
    path.touch()
    with pytest.raises(InputError, match=rf"haco convert \S*x{suffix} --out x\S*\.safetensors"):
        find_weights(path)


@pytest.mark.parametrize("name", ["tinny", "a/b/c", "owner/"])
def test_nothing_of_the_kind_says_what_there_is(name: str):
    with pytest.raises(InputError, match=r"no such weights; .*owner/name .*tiny, .*hamer"):
        find_weights(name)


def test_network_without_bundled_weights_says_so():
    with pytest.raises(InputError, match="no weights for 'hamer' ship with haco"):
        find_weights("hamer")
