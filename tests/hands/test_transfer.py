"""Contact carried to other hands: remeshed, of other shapes, of WebXR, of robots."""

import numpy as np
import pytest
import torch
import trimesh

from haco.files import InputError
from haco.hands import load_hand
from haco.hands.robots import link_contact, read_links, read_parts_map
from haco.hands.transfer import HandMesh, bent_to, mesh_of, transfer_matrix
from haco.hands.webxr import JOINTS, read_webxr_hand


@pytest.fixture(scope="module")
def hand():
    return load_hand("open")


def part_of_vertices(hand) -> tuple[list[str], np.ndarray]:
    names = list(hand.parts)
    return names, np.stack([hand.parts[name].numpy() for name in names]).argmax(axis=0)


def remeshed(hand) -> HandMesh:
    """The same hand with four times the faces, in another order."""
    mesh = mesh_of(hand)
    fine = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).subdivide()
    order = np.random.default_rng(0).permutation(len(fine.vertices))
    return HandMesh(
        vertices=np.asarray(fine.vertices)[order],
        faces=np.argsort(order)[np.asarray(fine.faces)],
        keypoints=mesh.keypoints,
    )


def test_each_vertex_of_a_remeshed_hand_finds_its_own_place(hand):
    target = remeshed(hand)
    matrix = transfer_matrix(hand, target)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    assert matrix.min() >= 0
    error = np.linalg.norm(matrix @ mesh_of(hand).vertices - target.vertices, axis=1)
    assert np.median(error) < 1e-6
    assert error.mean() < 0.0003
    assert error.max() < 0.005  # beside the sharp edge where the wrist was closed


def test_another_persons_hand_gets_the_same_parts(hand):
    surface = hand(betas=torch.tensor([2.0, -1.0, 1.0, 0, 0, 0, 0, 0, 0, 0]))
    target = HandMesh(
        vertices=surface.vertices.double().numpy(),
        faces=hand.closed_faces.numpy(),
        keypoints=surface.joints.double().numpy(),
    )
    error = transfer_matrix(hand, target) @ mesh_of(hand).vertices - mesh_of(hand).vertices
    assert np.linalg.norm(error, axis=1).mean() < 0.0005
    names, part = part_of_vertices(hand)
    carried = transfer_matrix(hand, target) @ np.eye(len(names))[part]
    assert (carried.argmax(axis=1) == part).mean() > 0.98


def test_a_moved_turned_and_larger_hand_is_the_same(hand):
    mesh = mesh_of(hand)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    target = HandMesh(
        vertices=1.3 * mesh.vertices @ turn.T + 0.4,
        faces=mesh.faces,
        keypoints=1.3 * mesh.keypoints @ turn.T + 0.4,
    )
    np.testing.assert_allclose(bent_to(hand, target.keypoints), target.vertices, atol=1e-6)


def test_left_hands_are_mirrored_right_ones(hand):
    right = transfer_matrix(hand, remeshed(hand))
    left = transfer_matrix(hand.mirrored(), remeshed(hand).mirrored())
    assert abs(right - left).max() < 1e-6


@pytest.mark.data
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_hand_of_webxr_gets_touch_where_it_belongs(real_dir, side):
    target = read_webxr_hand(real_dir / "hand_mesh_webxr" / f"{side}.glb")
    source = load_hand("open", side)
    matrix = transfer_matrix(source, target)
    names, part = part_of_vertices(source)
    carried = (matrix @ np.eye(len(names))[part]).argmax(axis=1)
    for finger, tip in (("thumb", 4), ("index", 8), ("middle", 12), ("ring", 16), ("little", 20)):
        at = [names.index(f"{finger}_tip_{face}") for face in ("palmar", "dorsal")]
        found = target.vertices[np.isin(carried, at)]
        assert len(found) > 20
        others = np.delete(target.keypoints[[4, 8, 12, 16, 20]], (tip - 4) // 4, axis=0)
        nearest = np.linalg.norm(found[:, None] - others, axis=2).min(axis=1)
        assert (np.linalg.norm(found - target.keypoints[tip], axis=1) < nearest).all()
    assert faces_palm(target, carried, names) == faces_palm(mesh_of(source), part, names)


def faces_palm(mesh: HandMesh, part: np.ndarray, names: list[str]) -> bool:
    """Whether the palm's normal, from the keypoints alone, points from the back to the palm."""
    palm, back = (
        mesh.vertices[part == names.index(name)].mean(axis=0) for name in ("palm_centre", "back")
    )
    wrist, index, little = mesh.keypoints[[0, 5, 17]]
    return bool((palm - back) @ np.cross(index - wrist, little - wrist) > 0)


def write_glb(path, joints):
    scene = trimesh.Scene(trimesh.creation.icosphere(radius=0.05))
    for number, name in enumerate(joints):
        place = np.eye(4)
        place[:3, 3] = 0.01 * number
        scene.graph.update(frame_to=name, matrix=place)
    path.write_bytes(scene.export(file_type="glb"))


def test_a_glb_file_gives_joints_by_their_names(tmp_path):
    write_glb(tmp_path / "hand.glb", JOINTS)
    mesh = read_webxr_hand(tmp_path / "hand.glb")
    np.testing.assert_allclose(mesh.keypoints[:, 0], 0.01 * np.arange(21), atol=1e-6)
    assert mesh.faces.max() < len(mesh.vertices)


def test_a_hand_without_a_joint_is_refused(tmp_path):
    write_glb(tmp_path / "hand.glb", JOINTS[:-1])
    with pytest.raises(InputError, match="has no joint 'pinky-finger-tip'"):
        read_webxr_hand(tmp_path / "hand.glb")
    (tmp_path / "cut.glb").write_bytes((tmp_path / "hand.glb").read_bytes()[:200])
    with pytest.raises(InputError, match="cannot be read as glTF"):
        read_webxr_hand(tmp_path / "cut.glb")


URDF = '<robot name="r"><link name="base"/><link name="finger"/></robot>'


def test_links_get_the_highest_of_their_parts(tmp_path):
    (tmp_path / "r.urdf").write_text(URDF)
    (tmp_path / "map.yaml").write_text("finger: [index_tip_palmar, index_tip_dorsal]\nbase: []\n")
    links = read_links(tmp_path / "r.urdf")
    chosen = read_parts_map(tmp_path / "map.yaml", links)
    parts = {"index_tip_palmar": 0.8, "index_tip_dorsal": 0.1, "wrist": 0.9}
    assert link_contact(parts, chosen) == {"finger": 0.8, "base": 0.0}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("thumb: [wrist]", "no link 'thumb'; it has base, finger"),
        ("finger: [pinky]", "'pinky' of link 'finger' is no part of a hand"),
        ("finger: wrist", "a list of parts for each link"),
        ("{", "cannot be read as YAML"),
    ],
)
def test_a_wrong_map_is_refused(text, reason, tmp_path):
    (tmp_path / "map.yaml").write_text(text)
    with pytest.raises(InputError, match=reason):
        read_parts_map(tmp_path / "map.yaml", ("base", "finger"))


@pytest.mark.parametrize(
    ("text", "reason"), [("<robot>", "cannot be read as URDF"), ("<robot/>", "is no URDF")]
)
def test_what_is_no_robot_is_refused(text, reason, tmp_path):
    (tmp_path / "r.urdf").write_text(text)
    with pytest.raises(InputError, match=reason):
        read_links(tmp_path / "r.urdf")
