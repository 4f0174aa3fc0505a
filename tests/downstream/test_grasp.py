import dataclasses

import numpy as np
import pytest
import torch
from downstream.grasps import true_grasp

from haco.downstream.field import distance_field
from haco.downstream.grasp import GraspWeights, HandPose, refine_grasp
from haco.downstream.grasp_scores import score_grasp
from haco.downstream.limits import JointLimits
from haco.downstream.perturb import perturbed
from haco.hands import load_hand
from haco.hands.model import HandSurface


@pytest.fixture(scope="module")
def case():
    """A true grasp, a rough one made of it, and the object."""
    hand = load_hand("open")
    truth = true_grasp()
    true = truth.pose
    field = distance_field(truth.vertices, truth.faces, resolution=40)
    rough = perturbed(hand, true, np.random.default_rng(1))
    contact = torch.from_numpy(truth.distance < 0.01)[None]
    refined = refine_grasp(hand, rough, field, contact.float(), steps=150)
    return hand, true, rough, field, contact, refined


def first(surface: HandSurface) -> HandSurface:
    return HandSurface(surface.vertices[0], surface.joints[0])


def scores(case, pose: HandPose):
    hand, true, _, field, contact, _ = case
    found, wanted = (first(each.surface(hand)) for each in (pose, true))
    return score_grasp(hand, found, wanted, contact[0].numpy(), field, threshold=0.01)


def test_true_contact_brings_a_rough_hand_nearer_to_the_truth(case):
    rough, refined = scores(case, case[2]), scores(case, case[5].pose)
    assert refined.f1 > rough.f1 + 0.2
    assert refined.mpvpe < 0.8 * rough.mpvpe
    assert refined.penetration < 5
    assert refined.intersection < 3


def test_the_true_grasp_scores_as_one(case):
    true = scores(case, case[1])
    assert (true.mpjpe, true.mpvpe) == (0, 0)
    assert true.f1 > 0.97
    assert true.penetration < 6


def test_joints_stay_within_their_range(case):
    hand, _, rough, _, _, refined = case
    limits = JointLimits(hand)
    allowed = limits.excess(rough.hand_pose).max() + 0.1
    assert float(limits.excess(refined.pose.hand_pose).max()) < float(allowed)


def test_each_hand_of_a_batch_is_refined_by_itself(case):
    hand, _, rough, field, contact, _ = case
    names = [each.name for each in dataclasses.fields(HandPose)]
    other = perturbed(hand, case[1], np.random.default_rng(2))
    both = HandPose(
        **{name: torch.cat([getattr(rough, name), getattr(other, name)]) for name in names}
    )
    together = refine_grasp(hand, both, field, contact.float().expand(2, -1), steps=10)
    alone = refine_grasp(hand, rough, field, contact.float(), steps=10)
    torch.testing.assert_close(together.pose.transl[:1], alone.pose.transl, atol=1e-5, rtol=0)
    assert together.energy.shape == (2,)


def test_a_left_hand_is_the_mirror_of_a_right_one(case):
    hand, _, rough, field, contact, _ = case
    flip = torch.tensor([-1.0, 1.0, 1.0])
    turn = torch.tensor([1.0, -1.0, -1.0])
    mirrored_field = dataclasses.replace(
        field, values=field.values.flip(-1), low=field.high * flip, high=field.low * flip
    )
    low = torch.minimum(mirrored_field.low, mirrored_field.high)
    high = torch.maximum(mirrored_field.low, mirrored_field.high)
    mirrored_field = dataclasses.replace(mirrored_field, low=low, high=high)
    left = HandPose(
        betas=rough.betas,
        global_orient=rough.global_orient * turn,
        hand_pose=rough.hand_pose * turn,
        transl=rough.transl * flip,
    )
    right = refine_grasp(hand, rough, field, contact.float(), steps=20)
    found = refine_grasp(hand.mirrored(), left, mirrored_field, contact.float(), steps=20)
    torch.testing.assert_close(found.pose.transl * flip, right.pose.transl, atol=1e-4, rtol=0)


def test_with_nothing_to_touch_a_hand_moves_out_of_the_object(case):
    hand, true, _, field, _, _ = case
    inside = dataclasses.replace(true, transl=torch.tensor([[0.0, -0.01, 0.0]]))
    weights = GraspWeights(keep_place=0.0)
    freed = refine_grasp(hand, inside, field, torch.zeros(1, 778), weights=weights, steps=100)
    before, after = (float(field(p.surface(hand).vertices).min()) for p in (inside, freed.pose))
    assert before < -0.005
    assert after > before / 2


def test_the_result_is_never_worse_than_the_start(case):
    hand, true, _, field, contact, _ = case
    again = refine_grasp(hand, true, field, contact.float(), steps=3)
    start = refine_grasp(hand, true, field, contact.float(), steps=0)
    assert float(again.energy) <= float(start.energy)
