import pytest
import torch

from haco.geometry.rotations import mirror_axis_angle
from haco.hands import load_hand
from haco.hands.fit import LARGEST_ERROR, fit_hands
from haco.hands.open_hand import open_hand_arrays

PIXELS_A_METRE = 1500.0
COUNT = 6


def posed(side: str, seed: int = 0):
    """Bent hands seen from anywhere, in pixels; and the hand they are poses of."""
    generator = torch.Generator().manual_seed(seed)
    hand = load_hand("open", side=side)
    flexion = torch.tensor(open_hand_arrays().flexion_axes)
    flexion = mirror_axis_angle(flexion) if side == "left" else flexion
    pose = 0.9 * torch.rand(COUNT, 15, 1, generator=generator) * flexion
    turn = torch.randn(COUNT, 3, generator=generator)
    turn = 3 * turn / turn.norm(dim=1, keepdim=True) * torch.rand(COUNT, 1, generator=generator)
    surface = hand(0.7 * torch.randn(COUNT, 10, generator=generator), turn, pose)
    shift = torch.tensor([400.0, 300.0, 0.0])
    pixels = (each * PIXELS_A_METRE + shift for each in (surface.vertices, surface.joints))
    return hand, *(each.double() for each in pixels)


def apart(first, second) -> torch.Tensor:
    """Mean distance of two surfaces in the picture, millimetres of each hand."""
    return 1000 * (first - second)[..., :2].norm(dim=-1).mean(dim=1) / PIXELS_A_METRE


@pytest.mark.slow
@pytest.mark.parametrize("side", ["right", "left"])
def test_exact_joints_give_the_surface_within_millimetres_and_a_wild_one_hardly_matters(side):
    hand, vertices, joints = posed(side)
    fit = fit_hands(hand, joints[..., :2])
    assert fit.is_close.all()
    assert fit.error.max() < 2, "pixels, of hands of 200 to 300"
    assert apart(fit.vertices, vertices).max() < 2
    depth = (fit.vertices - vertices)[..., 2]
    depth = (depth - depth.mean(dim=1, keepdim=True)).abs().mean(dim=1)
    assert depth.median() / PIXELS_A_METRE < 0.004

    wild = joints[..., :2].clone()
    wild[:, 8] += torch.tensor([90.0, 60.0])  # the index's tip, 7 cm off
    again = fit_hands(hand, wild)
    assert apart(again.vertices, vertices).median() < 1.5


@pytest.mark.slow
def test_a_next_frame_needs_few_steps_from_the_last_ones_answer():
    hand, _, joints = posed("right")
    first = fit_hands(hand, joints[..., :2])
    moved = joints[..., :2] * 1.02 + torch.tensor([9.0, -4.0])
    near = fit_hands(hand, moved, start=first.parameters, num_steps=4)
    whole = fit_hands(hand, moved)
    assert apart(near.vertices, whole.vertices).max() < 1


def test_points_that_are_no_hand_are_called_so(rng):
    hand = load_hand("open")
    noise = torch.from_numpy(rng.uniform(0, 300, (2, 21, 2)))
    fit = fit_hands(hand, noise)
    assert (fit.error > LARGEST_ERROR * fit.extent).all()
    assert not fit.is_close.any()
    assert not fit_hands(hand, torch.zeros(1, 21, 2).double()).is_close.any()
