"""The user's own meshes and pictures in made pictures."""

import json
import pickle

import numpy as np
import pytest
import trimesh
from PIL import Image

from haco.cli import main
from haco.files import InputError
from haco.geometry.proximity import signed_distance
from haco.synth.engine import draw_all, make_sample
from haco.synth.looks.backgrounds import SIZE, draw_background
from haco.synth.looks.picture_folder import open_pictures
from haco.synth.objects.mesh_folder import open_meshes, read_shape
from haco.synth.poses.interaction import PlacedObject
from haco.synth.poses.targets import target_distance, target_of_objects
from haco.synth.variants import vary


def bottle() -> trimesh.Trimesh:
    body = trimesh.creation.cylinder(0.03, 0.16)
    neck = trimesh.creation.cylinder(0.012, 0.08).apply_translation([0, 0, 0.1])
    return trimesh.util.concatenate([body, neck])


def with_hole(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """A scan that stood on a table: nothing was seen from below."""
    kept = mesh.triangles_center[:, 2] > mesh.bounds[0, 2] + 1e-4
    return trimesh.Trimesh(mesh.vertices, mesh.faces[kept], process=False)


def leaf() -> trimesh.Trimesh:
    corners = np.array([[0, 0, 0], [0.1, 0, 0], [0.1, 0.16, 0], [0, 0.16, 0]])
    return trimesh.Trimesh(corners, [[0, 1, 2], [0, 2, 3]], process=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One closed mesh, one with a hole, one sheet, in three formats."""
    folder = tmp_path_factory.mktemp("objects")
    (folder / "more").mkdir()
    bottle().export(folder / "bottle.obj")
    with_hole(trimesh.creation.cylinder(0.025, 0.12)).export(folder / "more" / "can.ply")
    leaf().export(folder / "leaf.glb")
    (folder / ".hidden.obj").write_text("nothing")
    (folder / "licence.txt").write_text("mine")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    colours = ((230, 30, 30), (30, 230, 30))
    for number, colour in enumerate(colours):
        Image.new("RGB", (90, 40 + 600 * number), colour).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_all_formats_are_found_and_lie_in_their_own_frame(folder):
    found = open_meshes(folder)
    assert [path.name for path in found.paths] == ["bottle.obj", "leaf.glb", "can.ply"]
    for path in found.paths:
        shape = read_shape(path, "m")
        x, y, z = shape.extents
        assert max(x, z) < y
        np.testing.assert_allclose(
            shape.vertices.min(axis=0), -shape.vertices.max(axis=0), atol=1e-9
        )
        before = trimesh.load(path, force="mesh", process=False)
        assert trimesh.Trimesh(shape.vertices, shape.faces).area == pytest.approx(before.area)


def test_labels_are_exact_and_holes_are_closed_in_thought(folder, rng):
    points = rng.uniform(-0.1, 0.1, (400, 3))
    closed = read_shape(folder / "bottle.obj", "m")
    np.testing.assert_allclose(
        closed.distance(points), signed_distance(points, closed.vertices, closed.faces), atol=1e-9
    )
    can = read_shape(folder / "more" / "can.ply", "m")
    assert not can.surface.is_closed
    assert can.has_inside
    assert can.distance(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.05]])) == pytest.approx(
        [-0.025, 0.025], abs=3e-4
    )
    sheet = read_shape(folder / "leaf.glb", "m")
    assert not sheet.has_inside
    both = sheet.distance(np.array([[0.004, 0.0, 0.0], [-0.004, 0.0, 0.0]]))
    np.testing.assert_allclose(both, 0.004, atol=1e-9)


def test_faces_that_look_inwards_are_turned(tmp_path):
    inside_out = trimesh.creation.box((0.05, 0.1, 0.07))
    inside_out.invert()
    inside_out.export(tmp_path / "box.ply")
    box = read_shape(tmp_path / "box.ply", "m")
    assert box.distance(np.zeros((1, 3)))[0] == pytest.approx(-0.025, abs=1e-6)
    assert trimesh.Trimesh(box.vertices, box.faces).volume > 0


def test_the_grid_for_posing_is_near_the_exact_distance(folder, rng):
    turn = trimesh.transformations.random_rotation_matrix(rng.random(3))
    turn[:3, 3] = 0.02
    for name in ("bottle.obj", "more/can.ply"):
        placed = PlacedObject(
            shape=read_shape(folder / name, "m"), T_hand_object=turn, role="object"
        )
        target = target_of_objects([placed])
        points = rng.uniform(-0.06, 0.1, (300, 3))
        exact = placed.distance(points)
        grid = np.array([target_distance(*point, target) for point in points])
        assert np.abs(grid - exact)[np.abs(exact) < 0.01].max() < 0.002
        far = rng.normal(size=(50, 3))
        away = np.array([target_distance(*point, target) for point in far])
        true = placed.distance(far)
        assert (away <= true + 0.003).all()  # tracing never runs past the surface
        assert (away > 0).all()


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.obj", "v 0 0 0\nv 1 0 0\n", "has no triangle|cannot be read"),
        ("b.ply", "ply\nnothing", "cannot be read as a mesh"),
        ("c.glb", "glTF", "cannot be read as a mesh"),
        ("d.obj", "v 0 0 0\nv 0.1 0 0\nv 0.2 0 0\nf 1 2 3\n", "no triangle|any area"),
        ("e.obj", "v 0 0 0\nv 200 0 0\nv 0 100 9\nf 1 2 3\n", "200 m long .* in mm: say --obj"),
        ("f.obj", "v 0 0 0\nv nan 0 0\nv 0 1 1\nf 1 2 3\n", "NaN or infinity|cannot be read"),
        ("g.obj", "v 0 0 0\nv 9e9 0 0\nv 0 1 1\nf 1 2 3\n", "a hand meets things of 5 mm to 2 m"),
    ],
)
def test_each_bad_mesh_gets_one_clear_line(tmp_path, capsys, name, content, complaint):
    (tmp_path / name).write_text(content)
    (tmp_path / "z.obj").write_text("v 0 0 0\nv 300 0 0\nv 0 100 9\nf 1 2 3\n")
    with pytest.raises(InputError, match=complaint):
        read_shape(tmp_path / name, "m")
    assert main(["synth", "--objects", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert name in lines[0]
    assert "z.obj" in lines[1]
    assert all(line.startswith("haco: ") for line in lines)


def test_the_unit_that_was_advised_mends_it(tmp_path):
    box = trimesh.creation.box((60, 200, 80))
    box.export(tmp_path / "box.obj")
    with pytest.raises(InputError, match="say --objects-unit mm"):
        open_meshes(tmp_path)
    assert open_meshes(tmp_path, "mm").thickness == pytest.approx((0.06,))


def test_a_folder_without_meshes_or_no_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no mesh; put OBJ, PLY or GLB files there"):
        open_meshes(tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        open_meshes(tmp_path / "nowhere")


def test_hands_hold_the_users_things_and_labels_say_so(folder):
    own = vary("easy", shares={"power": 0.6, "pinch": 0.4}, objects=open_meshes(folder))
    held = []
    for index in range(6):
        drawn = draw_all(own, 0, index)
        thing = drawn.interaction.objects[0]
        held.append(thing.shape.kind)
        exact = thing.distance(drawn.interaction.vertices)
        np.testing.assert_allclose(drawn.interaction.distance, exact, atol=1e-6)
        assert exact.min() > -0.005 - 1e-6
    assert set(held) <= {"bottle.obj", "can.ply", "leaf.glb"}
    assert len(set(held)) > 1


def test_things_too_thick_for_a_grip_leave_it_to_the_engine(tmp_path):
    trimesh.creation.box((0.3, 0.4, 0.5)).export(tmp_path / "crate.ply")
    crates = open_meshes(tmp_path)
    assert crates.draw(np.random.default_rng(0), 0.1) is None
    drawn = draw_all(vary("easy", shares={"pinch": 1.0}, objects=crates), 0, 0)
    assert drawn.interaction.objects[0].shape.kind != "crate.ply"


def test_pictures_of_a_folder_come_behind_and_bad_files_are_named(pictures, rng):
    own = open_pictures(pictures)
    assert [path.name for path in own.paths] == ["0.png", "1.png"]
    assert len(own.faults) == 2
    assert "broken.jpg" in own.faults[0]
    assert "notes.txt" in own.faults[1]
    hues = set()
    for _ in range(20):
        image = own.draw(rng, SIZE)
        assert image.shape == (SIZE, SIZE, 3)
        assert image.std(axis=(0, 1)).max() < 1e-3
        hues.add(int(image.mean(axis=(0, 1)).argmax()))
    assert hues == {0, 1}
    drawn = [draw_background(rng, own=own) for _ in range(40)]
    plain = sum(image.std(axis=(0, 1)).max() < 1e-3 for image in drawn)
    assert 20 < plain < 40


def test_skipped_files_are_told_and_an_empty_folder_is_refused(pictures, tmp_path, capsys):
    words = ["synth", "--show", "--set", "easy", "--num", "1", "--size", "32"]
    sheet = str(tmp_path / "sheet.png")
    assert main([*words, "--backgrounds", str(pictures), "--out", sheet]) == 0
    told = capsys.readouterr().err
    assert "notes.txt" in told
    assert f"2 of 4 files in {pictures} are skipped" in told
    (tmp_path / "a").mkdir()
    assert main([*words, "--backgrounds", str(tmp_path / "a"), "--out", sheet]) == 1
    assert "has no picture that can be read" in capsys.readouterr().err


def test_content_names_the_set_wherever_the_folder_lies(folder, pictures, tmp_path):
    own = vary("easy", objects=open_meshes(folder), backgrounds=open_pictures(pictures))
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for name in ("0.png", "1.png"):
        (copy / name).write_bytes((pictures / name).read_bytes())
    moved = vary("easy", objects=open_meshes(folder), backgrounds=open_pictures(copy))
    assert moved.name == own.name
    np.testing.assert_array_equal(
        make_sample(own, 1, 2, size=32).image, make_sample(moved, 1, 2, size=32).image
    )
    Image.new("RGB", (64, 64), (0, 0, 99)).save(copy / "0.png")
    assert vary("easy", backgrounds=open_pictures(copy)).name != own.name
    assert pickle.loads(pickle.dumps(own)) == own  # noqa: TID251 - our own bytes


@pytest.mark.slow
def test_any_number_of_workers_packs_the_same_bytes(folder, pictures, tmp_path, monkeypatch):
    words = ["synth", "--set", "easy", "--num", "6", "--size", "32", "--judge", "0"]
    words += ["--objects", str(folder), "--backgrounds", str(pictures)]
    monkeypatch.setattr("haco.data.packing.SHARD", 3)
    cards = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        assert main([*words, "--workers", workers, "--out", str(out)]) == 0
        cards.append(json.loads((out / "card.json").read_text()))
    assert cards[0] == cards[1]
    source = cards[0]["plan"]["source"]
    assert source["objects"]["meshes"] == 3
    page = (tmp_path / "1" / "README.md").read_text("utf-8")
    assert source["objects"]["sha256"] in page
    assert source["backgrounds"]["sha256"] in page
    assert "--objects DIR --objects-unit m --backgrounds DIR" in page
