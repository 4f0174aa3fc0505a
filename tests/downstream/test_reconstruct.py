import dataclasses

import numpy as np
import pytest
import torch

from haco.downstream.reconstruct import (
    ObjectPose,
    Reconstruction,
    ReconstructionWeights,
    random_turns,
    reconstruct,
)
from haco.downstream.reconstruct_bench import (
    TRUTH,
    bench_one,
    reconstruction_cases,
    score_object,
)


@pytest.fixture(scope="module")
def case():
    return next(reconstruction_cases("full", 6000, 1, threshold=0.01, size=128))


@pytest.fixture(scope="module")
def with_contact(case):
    contact = torch.from_numpy(case.contact).float()
    return dataclasses.replace(case.scene, contact=contact)


def true_pose(case) -> ObjectPose:
    """The similarity that moves the object's own frame to where it truly is (Umeyama, 1991)."""
    own, true = case.vertices, case.true
    a, b = own - own.mean(axis=0), true - true.mean(axis=0)
    u, sizes, vt = np.linalg.svd(b.T @ a)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    R, scale = u @ flip @ vt, (sizes * np.diag(flip)).sum() / (a**2).sum()
    translation = true.mean(axis=0) - scale * R @ own.mean(axis=0)
    return ObjectPose(
        R=torch.from_numpy(R)[None].float(),
        translation=torch.from_numpy(translation)[None].float(),
        scale=torch.tensor([scale]).float(),
    )


def test_placing_and_undoing_are_inverse():
    pose = ObjectPose(
        R=torch.from_numpy(random_turns(3, 1)).float(),
        translation=torch.randn(3, 3, generator=torch.Generator().manual_seed(0)),
        scale=torch.tensor([0.5, 1.0, 2.0]),
    )
    points = torch.randn(7, 3, generator=torch.Generator().manual_seed(1))
    for row in range(3):
        placed = pose.place(points)[row]
        torch.testing.assert_close(pose.undo(placed)[row], points, atol=1e-5, rtol=1e-5)


def test_the_true_place_scores_as_such(case):
    scores = score_object(case, true_pose(case), 1.0)
    assert scores.mpvpe < 0.01
    assert scores.chamfer < 5  # two draws of points of one surface
    assert scores.f_10mm > 0.95


def test_contact_finds_the_object_near_its_true_place(case, with_contact):
    found = reconstruct(with_contact, starts=16, keep=4, steps=100)
    scores = score_object(case, found.pose, found.confidence)
    size = 1e3 * np.ptp(case.true, axis=0).max()
    assert scores.chamfer < 0.2 * size
    assert 0.25 <= found.confidence <= 1


def test_touch_alone_pulls_a_far_object_to_the_hand(case, with_contact):
    """The silhouette is content with an object twice as far and twice as large; touch is not."""
    true = true_pose(case)
    far = ObjectPose(R=true.R, translation=2 * true.translation, scale=2 * true.scale)
    only = ReconstructionWeights(depth=0.0, order=0.0, pierce=0.0, spare=0.0)
    from haco.downstream.reconstruct import _Picture

    picture = _Picture(with_contact, 0)
    blind = dataclasses.replace(only, touch=0.0)
    near_energy, far_energy = (float(picture.energy(pose, blind)) for pose in (true, far))
    assert far_energy == pytest.approx(near_energy, abs=1e-4)
    near_energy, far_energy = (float(picture.energy(pose, only)) for pose in (true, far))
    assert far_energy > near_energy + 1


def test_the_same_seed_gives_the_same_place(with_contact):
    first, second = (reconstruct(with_contact, starts=4, keep=2, steps=6) for _ in range(2))
    assert isinstance(first, Reconstruction)
    assert torch.equal(first.pose.translation, second.pose.translation)


def test_an_empty_mask_is_refused(case):
    empty = np.zeros_like(case.scene.object_mask)
    with pytest.raises(ValueError, match="no pixel of the mask"):
        reconstruct(dataclasses.replace(case.scene, object_mask=empty))


def test_bench_compares_sources_on_one_case(case):
    found = bench_one(case, case.contact, steps=4, starts=3)
    assert found["image contact"] == found[TRUTH]
    assert found["no contact"] != found[TRUTH]
