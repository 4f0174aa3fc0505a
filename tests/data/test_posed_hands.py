"""Four ways to store a hand's fingers, all of which must give the same hand."""

import numpy as np
import pytest
from data_writers.mano import mano_folder, stored_pose

from haco.data.posed_hands import ManoHands, check_joints
from haco.files import InputError
from haco.geometry.rotations import matrix_from_axis_angle
from haco.hands import load_hand

BETAS = np.array([1.5, -1, 0.5, *np.zeros(7)])


@pytest.fixture(scope="module")
def pose():
    return np.random.default_rng(3).normal(scale=0.3, size=48)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    "fingers", ["absolute", "about_mean", "components", "components_about_zero"]
)
def test_every_convention_gives_the_same_hand(side, fingers, pose, tmp_path):
    hands = ManoHands(fingers=fingers, fix_left_shape=True, mano_dir=mano_folder())
    transl = np.array([0.1, 0.2, 0.5])
    posed = hands.pose(
        side, stored_pose(side, pose, fingers), betas=BETAS, transl=transl, path=tmp_path
    )
    model = load_hand("mano", side, mano_folder())
    tensor = model.template.new_tensor
    naive = model(tensor(BETAS), tensor(pose[:3]), tensor(pose[3:]).reshape(15, 3), tensor(transl))
    np.testing.assert_allclose(posed.vertices, naive.vertices.numpy(), atol=1e-6)
    np.testing.assert_allclose(posed.joints, naive.joints.numpy(), atol=1e-6)


@pytest.mark.parametrize("stored", ["absolute", "about_mean", "components"])
@pytest.mark.parametrize("read", ["absolute", "about_mean", "components"])
def test_a_wrong_convention_moves_the_hand_by_centimetres(stored, read, pose, tmp_path):
    right = ManoHands(fingers=stored, fix_left_shape=True, mano_dir=mano_folder())
    wrong = ManoHands(fingers=read, fix_left_shape=True, mano_dir=mano_folder())
    stored_numbers = stored_pose("right", pose, stored)
    first, second = (
        hands.pose("right", stored_numbers, betas=BETAS, transl=np.zeros(3), path=tmp_path)
        for hands in (right, wrong)
    )
    moved = np.linalg.norm(first.vertices - second.vertices, axis=1).max()
    assert moved == 0 if stored == read else moved > 0.02


def test_the_turn_of_the_wrist_is_about_the_wrist(tmp_path):
    hands = ManoHands(fingers="absolute", fix_left_shape=True, mano_dir=mano_folder())
    turn, zero = np.array([0.3, -0.5, 0.2]), np.zeros(45)
    still, turned = (
        hands.pose(
            "right", np.concatenate([orient, zero]), betas=BETAS, transl=np.zeros(3), path=tmp_path
        )
        for orient in (np.zeros(3), turn)
    )
    R = matrix_from_axis_angle(load_hand("open").template.new_tensor(turn)).numpy()
    wrist = still.joints[0]
    np.testing.assert_allclose(turned.vertices, (still.vertices - wrist) @ R.T + wrist, atol=1e-6)


def test_nan_names_the_file_and_missing_mano_says_what_to_do(tmp_path, monkeypatch):
    hands = ManoHands(fingers="absolute", fix_left_shape=True, mano_dir=mano_folder())
    bad = np.full(48, np.nan)
    with pytest.raises(InputError, match=r"frame\.pkl: the left hand's pose holds NaN"):
        hands.pose("left", bad, betas=BETAS, transl=np.zeros(3), path=tmp_path / "frame.pkl")
    monkeypatch.delenv("HACO_MANO_DIR", raising=False)
    with pytest.raises(InputError, match="HACO_MANO_DIR"):
        ManoHands(fingers="absolute", fix_left_shape=True).model("right")


def test_each_side_closes_its_own_wrist():
    hands = ManoHands(fingers="absolute", fix_left_shape=True, mano_dir=mano_folder())
    left, right = hands.closed_faces("left"), hands.closed_faces("right")
    assert len(left) == len(right) == 1552
    assert not np.array_equal(left, right)


def test_a_hand_far_from_its_stored_joints_is_refused(pose, tmp_path):
    hands = ManoHands(fingers="absolute", fix_left_shape=True, mano_dir=mano_folder())
    posed = hands.pose("right", pose, betas=BETAS, transl=np.zeros(3), path=tmp_path)
    shift = np.array([0.01, 0, 0])
    check_joints(posed, posed.joints + shift, tmp_path / "a.pkl")
    with pytest.raises(InputError, match=r"a\.pkl: .* 20 mm from its joints"):
        check_joints(posed, posed.joints + 2 * shift, tmp_path / "a.pkl")
