"""Laws of a hand model, on the open hand with pose correctives added, so that all terms count."""

import dataclasses
import sys

import numpy as np
import pytest
import torch

from haco.files import InputError
from haco.geometry.rotations import matrix_from_axis_angle, mirror_axis_angle
from haco.hands import HandModel, load_hand
from haco.hands.skeleton import FINGER_JOINTS

TINY = 1e-12


@pytest.fixture(scope="module")
def hand() -> HandModel:
    """A right hand in double precision whose pose also bulges the skin and has a mean."""
    generator = torch.Generator().manual_seed(0)
    open_hand = load_hand("open").to(dtype=torch.float64)
    return dataclasses.replace(
        open_hand,
        # Stored in single precision, the rows sum to one to seven digits only.
        lbs_weights=open_hand.lbs_weights / open_hand.lbs_weights.sum(dim=1, keepdim=True),
        posedirs=1e-3 * torch.randn(778, 3, 135, generator=generator, dtype=torch.float64),
        mean_pose=0.1 * torch.randn(15, 3, generator=generator, dtype=torch.float64),
    )


@pytest.fixture
def draw(rng):
    def draw_values(*shape: int, scale: float = 0.5) -> torch.Tensor:
        return torch.from_numpy(scale * rng.normal(size=shape))

    return draw_values


@pytest.fixture
def inputs(draw) -> dict[str, torch.Tensor]:
    return {
        "betas": draw(4, 10),
        "global_orient": draw(4, 3),
        "hand_pose": draw(4, 15, 3),
        "transl": draw(4, 3),
    }


def plain_loop(hand: HandModel, betas, global_orient, hand_pose, transl) -> np.ndarray:
    """Blend skinning of one hand with 4x4 matrices, written out."""
    tables = {f.name: getattr(hand, f.name) for f in dataclasses.fields(hand)}
    shaped = tables["template"].numpy() + tables["shapedirs"].numpy() @ betas.numpy()
    rest = tables["J_regressor"].numpy() @ shaped
    turns = matrix_from_axis_angle(torch.cat([global_orient[None], hand_pose])).numpy()
    posed = shaped + tables["posedirs"].numpy() @ (turns[1:] - np.eye(3)).ravel()
    placed: list[np.ndarray] = []
    for joint, parent in enumerate(hand.parents.tolist()):
        step = np.eye(4)
        step[:3, :3] = turns[joint]
        step[:3, 3] = rest[joint] - (rest[parent] if joint else 0)
        placed.append(step if joint == 0 else placed[parent] @ step)
    vertices = np.zeros((778, 3))
    for joint in range(16):
        moved = (posed - rest[joint]) @ placed[joint][:3, :3].T + placed[joint][:3, 3]
        vertices += tables["lbs_weights"].numpy()[:, joint, None] * moved
    return vertices + transl.numpy()


def test_skinning_equals_a_plain_loop(hand, inputs):
    surface = hand(**inputs)
    for i in range(4):
        expected = plain_loop(hand, **{name: value[i] for name, value in inputs.items()})
        np.testing.assert_allclose(surface.vertices[i], expected, atol=TINY)


@pytest.mark.parametrize("side", ["left", "right"])
def test_at_rest_the_surface_is_the_template_and_the_joints_are_regressed(side):
    hand = load_hand("open", side=side)
    surface = hand()
    torch.testing.assert_close(surface.vertices, hand.template, rtol=0, atol=1e-7)
    joints = hand.J_regressor @ hand.template
    order = [0, *(j for chain in FINGER_JOINTS for j in chain)]
    where = [0, *(1 + 4 * k + i for k in range(5) for i in range(3))]
    torch.testing.assert_close(surface.joints[where], joints[order], rtol=0, atol=1e-7)
    torch.testing.assert_close(surface.joints[4::4], surface.vertices[hand.tips])


def test_zeros_and_nothing_are_the_same(hand, draw):
    pose = draw(15, 3)
    zero = torch.zeros(3, dtype=torch.float64)
    spelt_out = hand(torch.zeros(10, dtype=torch.float64), zero, pose, zero)
    torch.testing.assert_close(hand(hand_pose=pose).vertices, spelt_out.vertices)


def test_turning_and_moving_the_wrist_is_a_rigid_motion(hand, draw):
    betas, pose, turn, transl = draw(10), draw(15, 3), draw(3), draw(3)
    still = hand(betas, None, pose, None)
    moved = hand(betas, turn, pose, transl)
    R, wrist = matrix_from_axis_angle(turn), still.joints[0]
    for before, after in zip(
        (still.vertices, still.joints), (moved.vertices, moved.joints), strict=True
    ):
        expected = (before - wrist) @ R.T + wrist + transl
        torch.testing.assert_close(after, expected, rtol=0, atol=TINY)


@pytest.mark.parametrize("joint", range(15))
def test_a_joint_moves_what_lies_beyond_it_and_nothing_before(joint, hand):
    pose = torch.zeros(15, 3, dtype=torch.float64)
    pose[joint, 2] = 0.7
    rigid = dataclasses.replace(hand, posedirs=torch.zeros_like(hand.posedirs))
    moved = (rigid(hand_pose=pose).joints - rigid().joints).norm(dim=-1) > 1e-6
    finger = next(k for k, chain in enumerate(FINGER_JOINTS) if joint + 1 in chain)
    depth = FINGER_JOINTS[finger].index(joint + 1)
    expected = torch.zeros(21, dtype=torch.bool)
    expected[4 * finger + 2 + depth : 4 * finger + 5] = True
    assert moved.tolist() == expected.tolist()


def test_flexing_an_index_joint_by_the_open_hands_axis_brings_its_tip_to_the_palm_side(hand):
    from haco.hands import open_hand_arrays

    axes = torch.tensor(open_hand_arrays().flexion_axes).double()
    for joint in range(15):
        pose = torch.zeros(15, 3, dtype=torch.float64)
        pose[joint] = 0.5 * axes[joint]
        shift = (hand(hand_pose=pose).joints - hand().joints)[4::4].sum(dim=0)
        # Four fingers close downwards and back; the thumb goes to the index finger's side.
        towards = torch.tensor([-1.0, 0, -1] if joint >= 12 else [1.0, -1, 0]).double()
        assert shift @ towards > 0.005


def test_betas_add_up_before_skinning(hand, draw):
    one, other = draw(10), draw(10)
    summed = hand(one + other).vertices - hand.template
    apart = hand(one).vertices + hand(other).vertices - 2 * hand.template
    torch.testing.assert_close(summed, apart, rtol=0, atol=TINY)


def test_a_batch_equals_its_hands_one_by_one(hand, inputs):
    batch = hand(**inputs)
    for i in range(4):
        single = hand(**{name: value[i] for name, value in inputs.items()})
        torch.testing.assert_close(batch.vertices[i], single.vertices, rtol=0, atol=TINY)
        torch.testing.assert_close(batch.joints[i], single.joints, rtol=0, atol=TINY)


def test_batch_axes_broadcast(hand, draw):
    betas, pose, transl = draw(10), draw(2, 1, 15, 3), draw(3, 3)
    surface = hand(betas, None, pose, transl)
    assert surface.vertices.shape == (2, 3, 778, 3)
    assert surface.joints.shape == (2, 3, 21, 3)
    single = hand(betas, None, pose[1, 0], transl[2])
    torch.testing.assert_close(surface.vertices[1, 2], single.vertices, rtol=0, atol=TINY)


def test_the_left_hand_is_the_mirrored_right_hand(hand, inputs):
    left = hand.mirrored()
    mirror = torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
    mirrored = left(
        inputs["betas"],
        mirror_axis_angle(inputs["global_orient"]),
        mirror_axis_angle(inputs["hand_pose"]),
        inputs["transl"] * mirror,
    )
    surface = hand(**inputs)
    torch.testing.assert_close(mirrored.vertices, surface.vertices * mirror, rtol=0, atol=TINY)
    torch.testing.assert_close(mirrored.joints, surface.joints * mirror, rtol=0, atol=TINY)
    coefficients = inputs["betas"]
    torch.testing.assert_close(
        left.pose_from_components(coefficients),
        mirror_axis_angle(hand.pose_from_components(coefficients)),
    )


def signed_volume(hand: HandModel) -> float:
    first, second, third = hand().vertices[hand.closed_faces].unbind(dim=1)
    return float((torch.linalg.cross(first, second) * third).sum() / 6)


def test_both_sides_have_their_faces_outwards():
    left, right = load_hand("open", side="left"), load_hand("open", side="right")
    assert 1e-4 < signed_volume(right) < 1e-3
    assert signed_volume(left) == pytest.approx(signed_volume(right))


def test_mirroring_twice_is_identity(hand):
    twice = hand.mirrored().mirrored()
    assert hand.mirrored().side == "left"
    for field in dataclasses.fields(hand):
        back, before = getattr(twice, field.name), getattr(hand, field.name)
        if isinstance(before, torch.Tensor):
            torch.testing.assert_close(back, before, rtol=0, atol=0)
        else:
            assert back is before or back == before


def test_single_precision_stays_within_a_hundredth_of_a_millimetre(hand, inputs):
    single = hand.to(dtype=torch.float32)(**{k: v.float() for k, v in inputs.items()})
    assert single.vertices.dtype == torch.float32
    torch.testing.assert_close(single.vertices.double(), hand(**inputs).vertices, rtol=0, atol=1e-5)


def test_gradients_are_right_also_at_the_rest_pose(hand, draw):
    few = torch.tensor([0, 100, 745])

    def some_points(*values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        surface = hand(*values)
        return surface.vertices[few], surface.joints

    for scale in (0.0, 0.5):
        values = [draw(*shape, scale=scale) for shape in ((10,), (3,), (15, 3), (3,))]
        for value in values:
            value.requires_grad_()
        assert torch.autograd.gradcheck(some_points, values, fast_mode=True)


def test_components_of_the_open_hand_are_its_angles_about_its_mean(hand, draw):
    coefficients = draw(2, 6)
    pose = hand.pose_from_components(coefficients)
    expected = hand.mean_pose.expand(2, 15, 3).clone()
    expected[:, :2] += coefficients.unflatten(-1, (2, 3))
    torch.testing.assert_close(pose, expected)
    about_zero = hand.pose_from_components(coefficients, about_zero=True)
    torch.testing.assert_close(about_zero, expected - hand.mean_pose)


def test_the_rest_hand_lies_as_it_should():
    for side, sign in (("right", -1), ("left", 1)):
        surface = load_hand("open", side=side)()
        tips, wrist = surface.joints[4::4], surface.joints[0]
        torch.testing.assert_close(wrist, torch.zeros(3), rtol=0, atol=1e-4)
        assert (sign * tips[1:, 0] > 0.12).all(), "fingers point along -x, left ones along +x"
        assert tips[0, 2] > surface.joints[1:, 2].max() - 1e-6, "the thumb is at +z"
        assert (tips[:, 1] < -0.02).all(), "a relaxed hand bends to its palm, at -y"


def test_a_hand_of_another_skeleton_is_refused(hand):
    parents = hand.parents.clone()
    parents[5] = 1
    with pytest.raises(AssertionError, match="one skeleton"):
        dataclasses.replace(hand, parents=parents)


def test_unknown_hands_and_sides_are_refused():
    with pytest.raises(InputError, match='"open" or "mano"'):
        load_hand("smpl")
    with pytest.raises(InputError, match='"left" or "right"'):
        load_hand("open", side="Right")


def test_the_stored_tables_cannot_be_changed():
    from haco.hands import open_hand_arrays

    with pytest.raises(ValueError, match="read-only"):
        open_hand_arrays().template[0] = 0
    load_hand("open").template[0] = 7
    assert load_hand("open").template[0].abs().max() < 1


def test_importing_hands_loads_no_torch():
    import subprocess

    check = "import sys, haco.hands; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
