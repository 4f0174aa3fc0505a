"""`haco reconstruct`: files in, a placed object and a picture out; and what is refused."""

import json

import numpy as np
import pytest
from downstream.scenes import SIZE, write_scene
from PIL import Image

from haco.cli import main


@pytest.fixture
def files(tmp_path):
    write_scene(tmp_path)
    return tmp_path


def run(files, **changes) -> int:
    given = {
        "image": files / "photo.png",
        "hand": files / "hand.json",
        "object": files / "cube.obj",
        "object-mask": files / "object_mask.png",
        "hand-mask": files / "hand_mask.png",
        "contact": files / "photo.npz",
        "focal": 120,
        "out": files / "out",
        "steps": 8,
        "starts": 4,
    } | changes
    given = {name: value for name, value in given.items() if value is not None}
    words = [str(word) for name in given for word in (f"--{name}", given[name])]
    return main(["reconstruct", *words])


def test_writes_a_rotation_a_place_a_size_and_a_picture(files, capsys):
    assert run(files) == 0
    found = json.loads((files / "out" / "object.json").read_text())
    R = np.array(found["R"])
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-4)
    assert 0.2 < found["translation"][2] < 1
    assert 0.01 < found["size_m"] < 0.5
    picture = np.asarray(Image.open(files / "out" / "object.png").convert("RGB")).astype(int)
    assert (picture[..., 2] > picture[..., 0] + 40).sum() > 1000  # blue: mask and object
    assert "confidence" in capsys.readouterr().out


def test_without_contact_it_places_by_the_masks(files):
    assert run(files) == 0
    assert run(files, contact=None, out=files / "blind") == 0
    seen, blind = (
        json.loads((files / name / "object.json").read_text()) for name in ("out", "blind")
    )
    assert blind["translation"] != seen["translation"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"object-mask": "small.png"}, "masks must be as large as the photo"),
        ({"object-mask": "black.png"}, "no pixel of the mask is white"),
        ({"hand": "behind.json"}, "the hand is behind the camera"),
        ({"image": "no.png"}, "no.png"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(files, changes, reason, capsys, monkeypatch):
    monkeypatch.chdir(files)
    Image.fromarray(np.full((10, 10), 255, np.uint8)).save("small.png")
    Image.fromarray(np.zeros((SIZE, SIZE), np.uint8)).save("black.png")
    pose = json.loads((files / "hand.json").read_text()) | {"transl": [0, 0, -1]}
    (files / "behind.json").write_text(json.dumps(pose))
    assert run(files, **changes) == 1
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
    assert not (files / "out").exists()


def test_bench_writes_its_table(tmp_path):
    words = ["reconstruct", "bench", "--num", "1", "--seeds", "1", "--steps", "2", "--starts", "2"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    assert (tmp_path / "objects.md").read_text("utf-8").count("\n| ") == 5
    assert json.loads((tmp_path / "objects.json").read_text())["command"].endswith("--weights tiny")
