"""The reader of MANO's files, on files of the same form that the tests make themselves."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hands.mano_files import mano_like, write_mano, write_pickle

from haco.files import InputError
from haco.geometry.rotations import mirror_axis_angle
from haco.hands import HandModel, load_hand
from haco.hands.mano import TIPS


@pytest.fixture(scope="module")
def mano_dir(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mano")
    for side in ("right", "left"):
        write_mano(folder, side)
    return folder


@pytest.fixture(scope="module")
def right(mano_dir) -> HandModel:
    return load_hand("mano", mano_dir=mano_dir)


@pytest.fixture(scope="module")
def left(mano_dir) -> HandModel:
    return load_hand("mano", "left", mano_dir)


def test_the_right_hand_is_what_its_file_says(right):
    hand, tables = right, mano_like("right")
    assert (hand.topology, hand.side) == ("mano", "right")
    for got, name in (
        (hand.template, "v_template"),
        (hand.shapedirs, "shapedirs"),
        (hand.posedirs, "posedirs"),
        (hand.J_regressor, "J_regressor"),
        (hand.lbs_weights, "weights"),
        (hand.mean_pose.flatten(), "hands_mean"),
        (hand.pose_basis.flatten(1), "hands_components"),
    ):
        assert got.dtype == torch.float32
        np.testing.assert_array_equal(got.numpy(), tables[name].astype(np.float32), err_msg=name)
    np.testing.assert_array_equal(hand.faces, tables["f"].astype(np.int64))
    assert tuple(hand.tips.tolist()) == TIPS == (745, 317, 445, 556, 673)
    assert hand.closed_faces.shape == (1552, 3)


def test_regions_and_levels_are_derived_and_the_same_for_both_sides(right, tmp_path, rng):
    # A left hand that mirrors the right one only nearly would be cut a little differently.
    template = mano_like("left")["v_template"] + rng.uniform(-5e-4, 5e-4, (778, 3))
    write_mano(tmp_path, "right")
    write_mano(tmp_path, "left", v_template=template)
    left = load_hand("mano", "left", tmp_path)
    shapes = [level.shape for level in right.levels]
    assert shapes == [(336, 778), (84, 778), (21, 778)]
    assert right.parts.keys() == load_hand("open").parts.keys()
    assert torch.stack(list(right.parts.values())).sum(dim=0).tolist() == [1] * 778
    assert 10 < right.nail.sum() < 45
    for one, other in zip(right.levels, left.levels, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    for name, where in right.parts.items():
        assert (left.parts[name] == where).all()


def test_the_fixed_left_hand_mirrors_the_right_one(right, left, rng):
    betas, pose = (torch.from_numpy(rng.normal(size=size)).float() for size in ((10,), (15, 3)))
    mirrored = left(betas, hand_pose=mirror_axis_angle(pose)).vertices
    expected = right(betas, hand_pose=pose).vertices * torch.tensor([-1.0, 1, 1])
    torch.testing.assert_close(mirrored, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(
        left.pose_from_components(betas), mirror_axis_angle(right.pose_from_components(betas))
    )


def test_the_left_shape_basis_stays_as_shipped_on_request(right, left, mano_dir):
    shipped = load_hand("mano", "left", mano_dir, fix_left_shape=False)
    torch.testing.assert_close(left.shapedirs[:, 0], -shipped.shapedirs[:, 0])
    torch.testing.assert_close(left.shapedirs[:, 1:], shipped.shapedirs[:, 1:])
    torch.testing.assert_close(shipped.shapedirs[:, 0], right.shapedirs[:, 0])


def test_a_left_file_that_is_right_already_is_left_alone(tmp_path):
    correct = mano_like("right")["shapedirs"] * np.array([-1.0, 1, 1])[:, None]
    write_mano(tmp_path, "right")
    write_mano(tmp_path, "left", shapedirs=correct)
    hand = load_hand("mano", "left", tmp_path)
    np.testing.assert_array_equal(hand.shapedirs.numpy(), correct.astype(np.float32))


def test_components_are_about_the_mean_or_about_zero(right):
    first = torch.tensor([0.0, 2.0])
    torch.testing.assert_close(right.pose_from_components(torch.zeros(15)), right.mean_pose)
    about_zero = right.pose_from_components(first, about_zero=True)
    torch.testing.assert_close(about_zero, 2 * right.pose_basis[1])
    torch.testing.assert_close(right.pose_from_components(first), about_zero + right.mean_pose)


def test_the_folder_may_come_from_the_environment(mano_dir, monkeypatch):
    monkeypatch.setenv("HACO_MANO_DIR", str(mano_dir))
    assert load_hand("mano").topology == "mano"
    with pytest.raises(InputError, match="elsewhere"):
        load_hand("mano", mano_dir="elsewhere")


def test_missing_files_say_where_they_come_from(tmp_path, monkeypatch):
    monkeypatch.delenv("HACO_MANO_DIR", raising=False)
    with pytest.raises(InputError, match=r"mano\.is\.tue\.mpg\.de.*HACO_MANO_DIR"):
        load_hand("mano")
    with pytest.raises(InputError, match=r"MANO_RIGHT\.pkl: no such file.*mano\.is\.tue\.mpg\.de"):
        load_hand("mano", mano_dir=tmp_path)
    write_mano(tmp_path, "right")
    with pytest.raises(InputError, match=r"MANO_LEFT\.pkl: no such file"):
        load_hand("mano", "left", tmp_path)


def wrong_files() -> dict[str, tuple[dict[str, object], str]]:
    tables = mano_like("right")
    other_parents = tables["kintree_table"].copy()
    other_parents[0, 4] = 3
    return {
        "a mesh of another size": ({"v_template": tables["v_template"][:700]}, "'v_template'"),
        "words for numbers": ({"hands_mean": np.full(45, "x")}, "'hands_mean'"),
        "another skeleton": ({"kintree_table": other_parents}, "another skeleton"),
        "faces of vertices that are not": ({"f": tables["f"] + 1}, "another skeleton or mesh"),
    }


@pytest.mark.parametrize("name", wrong_files())
def test_other_files_are_refused_with_their_name(name, tmp_path):
    changes, said = wrong_files()[name]
    write_mano(tmp_path, "right", **changes)
    with pytest.raises(InputError, match=rf"MANO_RIGHT\.pkl: .*{said}"):
        load_hand("mano", mano_dir=tmp_path)


def test_a_pickle_without_the_tables_is_refused(tmp_path):
    write_pickle(tmp_path / "MANO_RIGHT.pkl", {"v": 1})
    with pytest.raises(InputError, match="has no 'f'"):
        load_hand("mano", mano_dir=tmp_path)
    write_pickle(tmp_path / "MANO_RIGHT.pkl", [1, 2])
    with pytest.raises(InputError, match="is not a MANO hand"):
        load_hand("mano", mano_dir=tmp_path)


def test_two_hands_that_are_not_mirror_images_are_refused(tmp_path):
    write_mano(tmp_path, "right")
    write_mano(tmp_path, "left", v_template=mano_like("right")["v_template"])
    with pytest.raises(InputError, match="not the mirror image"):
        load_hand("mano", "left", tmp_path)


def test_a_mano_file_that_runs_code_is_refused_unrun(tmp_path):
    class Attack:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    write_mano(tmp_path, "right", hands_coeffs=[Attack()])
    with pytest.raises(InputError, match="nothing in it was run"):
        load_hand("mano", mano_dir=tmp_path)
    assert not (tmp_path / "ran").exists()
