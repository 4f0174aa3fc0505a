"""`haco transfer`: the files it writes."""

import json

import numpy as np
import pytest
import trimesh

from haco.cli import main
from haco.hands import load_hand


@pytest.fixture
def prediction(tmp_path):
    """A right and a left hand that touch with the index finger's tip."""
    tip = load_hand("open").parts["index_tip_palmar"].numpy()
    probability = np.where(tip, 0.9, 0.02).astype(np.float32)
    path = tmp_path / "photo.npz"
    np.savez(path, probability=np.stack([probability] * 2), side=np.array(["right", "left"]))
    return path


def test_to_the_same_hand_nothing_changes(prediction, tmp_path):
    out = tmp_path / "same.json"
    assert main(["transfer", str(prediction), "--to", "open", "--out", str(out)]) == 0
    carried = np.array(json.loads(out.read_text())["probability"])
    np.testing.assert_allclose(carried, np.load(prediction)["probability"][0], atol=1e-4)


@pytest.mark.parametrize("suffix", [".ply", ".glb", ".npz"])
def test_a_left_hand_goes_to_a_left_hand(prediction, tmp_path, suffix):
    out = tmp_path / f"left{suffix}"
    words = ["--to", "open", "--number", "1", "--out", str(out)]
    assert main(["transfer", str(prediction), *words]) == 0
    if suffix == ".npz":
        vertices = np.load(out)["vertices"]
    else:
        vertices = trimesh.load(out, process=False, force="mesh").vertices
    wanted = load_hand("open", "left").template.numpy()
    np.testing.assert_allclose(vertices, wanted, atol=1e-5)


def test_a_robot_gets_one_number_a_link(prediction, tmp_path):
    (tmp_path / "r.urdf").write_text('<robot name="r"><link name="a"/><link name="b"/></robot>')
    (tmp_path / "map.yaml").write_text("a: [index_tip_palmar]\nb: [thumb_tip_palmar]\n")
    words = ["--to", str(tmp_path / "r.urdf"), "--parts-map", str(tmp_path / "map.yaml")]
    out = tmp_path / "links.json"
    assert main(["transfer", str(prediction), *words, "--out", str(out)]) == 0
    assert json.loads(out.read_text())["links"] == pytest.approx({"a": 0.9, "b": 0.02}, abs=1e-6)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--to", "smplx", "--out", "x.json"], "say open, mano, a .glb hand"),
        (["--to", "open", "--out", "x.txt"], "unknown ending"),
        (["--to", "open", "--out", "x.json", "--number", "2"], "there is none of number 2"),
        (["--to", "r.urdf", "--out", "x.json"], "a robot needs --parts-map"),
        (["--to", "no.glb", "--out", "x.json"], "no.glb: no such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(prediction, words, reason, capsys, monkeypatch):
    monkeypatch.chdir(prediction.parent)
    assert main(["transfer", str(prediction), *words]) == 1
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
