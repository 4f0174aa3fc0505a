"""`haco grasp`: files in, a refined hand and a picture out; and what is refused."""

import json

import numpy as np
import pytest
import torch
import trimesh
from downstream.grasps import sphere, write_grasp, write_obj
from PIL import Image

from haco.apps.pose_files import read_pose
from haco.cli import main


@pytest.fixture
def files(tmp_path):
    write_grasp(tmp_path)
    return tmp_path


def run(files, **changes) -> int:
    given = {
        "hand": files / "rough.json",
        "object": files / "mug.obj",
        "contact": files / "grasp.npz",
        "out": files / "out",
        "steps": 20,
    } | changes
    return main(["grasp", *(str(word) for name in given for word in (f"--{name}", given[name]))])


def test_writes_a_pose_that_it_can_read_and_a_picture(files, capsys):
    assert run(files) == 0
    refined, side = read_pose(files / "out" / "refined.json")
    assert side == "right"
    rough, _ = read_pose(files / "rough.json")
    assert not torch.equal(refined.transl, rough.transl)
    marked = trimesh.load(files / "out" / "object.ply", process=False)
    red, green, _, _ = marked.visual.vertex_colors.astype(int).T
    assert 0 < (red > green + 60).sum() < len(marked.vertices) / 2
    picture = np.asarray(Image.open(files / "out" / "grasp.png").convert("RGB")).astype(int)
    red, green, blue = picture[:-30].reshape(-1, 3).T
    assert ((red > green + 60) & (green > blue + 30)).sum() > 200  # skin that touches
    assert (blue > red + 20).sum() > 5000  # the object
    assert "vertices that touch" in capsys.readouterr().out


def test_millimetres_are_asked_about_and_then_read(files, capsys):
    text = (files / "mug.obj").read_text().splitlines()
    scaled = [
        " ".join(["v", *(str(1000 * float(x)) for x in line.split()[1:])])
        if line.startswith("v ")
        else line
        for line in text
    ]
    (files / "mm.obj").write_text("\n".join(scaled))
    assert run(files, object=files / "mm.obj") == 1
    assert "say --unit cm or mm" in capsys.readouterr().err
    assert run(files, object=files / "mm.obj", unit="mm") == 0


def test_an_open_mesh_is_used_and_said_to_be_open(files, capsys):
    mesh = sphere()
    write_obj(files / "open.obj", mesh.vertices, mesh.faces[40:])
    assert run(files, object=files / "open.obj") == 0
    assert "its surface is open" in capsys.readouterr().out


def pose_with(files, **values):
    pose = json.loads((files / "rough.json").read_text()) | values
    (files / "bad.json").write_text(json.dumps(pose))
    return files / "bad.json"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"hand_pose": [0.0] * 44}, "hand_pose has 44 numbers; 15 x 3 are needed"),
        ({"betas": [float("nan")] * 10}, "betas holds numbers that are not finite"),
        ({"side": "up"}, "side 'up' is unknown"),
        ({"scale": 2}, "'scale' is not a part of a pose"),
        ({"transl": [5, 0, 0]}, "give its pose in the object's frame"),
        ({"transl": "far"}, "transl must be numbers"),
    ],
)
def test_a_bad_pose_is_refused_in_one_line(files, values, reason, capsys):
    assert run(files, hand=pose_with(files, **values)) == 1
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
    assert not (files / "out").exists()


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"contact": np.zeros((1, 6890), bool)}, "bool of shape (hands, 778)"),
        ({"contact": np.zeros((1, 778))}, "contact is float64"),
        ({"contact": np.zeros((0, 778), bool)}, "there is none of number 0"),
        ({"probability": np.zeros((1, 778))}, "holds no contact"),
    ],
)
def test_bad_contact_is_refused(files, arrays, reason, capsys):
    np.savez(files / "bad.npz", **arrays)
    assert run(files, contact=files / "bad.npz") == 1
    assert reason in capsys.readouterr().err


def test_missing_files_are_named(files, capsys):
    assert run(files, hand=files / "no.json") == 1
    assert "no.json: no such file" in capsys.readouterr().err
    assert run(files, contact=files / "no.npz") == 1
    assert "no.npz: no such file" in capsys.readouterr().err
