"""The window that a pack keeps: every crop of the usual augmentation is the whole picture's."""

import dataclasses
import math

import numpy as np
import pytest

from haco.data.transforms import crop_hand, move_points
from haco.data.window import SIZE, cut_window
from haco.geometry.camera import project
from haco.types import Sample

WIDEST = [
    {"scale": scale, "rotation": math.radians(angle), "shift": shift}
    for scale, angle in ((1.25, 45), (1.25, -45), (0.75, 60), (1.0, 0))
    for shift in ((0.1, 0.1), (-0.1, 0.1), (0.1, -0.1))
]


def make_sample(side: str, box, size=(400, 300)) -> Sample:
    rng = np.random.default_rng(3)
    width, height = size
    block = width // 40
    colours = rng.integers(0, 255, (height // block, width // block, 3))
    smooth = np.kron(colours, np.ones((block, block, 1)))
    return Sample(
        key="a/0",
        image=smooth.astype(np.uint8),
        box=np.array(box, np.float32),
        side=side,
        distance=np.zeros(778, np.float32),
        vertices=rng.uniform([-0.05, -0.05, 0.4], [0.05, 0.05, 0.5], (778, 3)).astype(np.float32),
        keypoints=rng.uniform(100, 200, (21, 2)).astype(np.float32),
        K=np.array([[500, 0, 180], [0, 510, 140], [0, 0, 1]], np.float32),
    )


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("box", [(150.3, 120.7, 199.2, 168.1), (-10.0, 5.0, 40.5, 60.0)])
def test_crops_of_the_window_are_crops_of_the_picture(side, box):
    sample = make_sample(side, box)
    window = cut_window(sample)
    assert window.image.size < sample.image.size / 2
    for placement in WIDEST:
        whole, to_crop = crop_hand(sample.image, sample.box, side, **placement)
        again, to_crop_again = crop_hand(window.image, window.box, side, **placement)
        assert np.abs(whole.astype(int) - again).max() <= 1
        np.testing.assert_allclose(
            move_points(to_crop_again, window.keypoints),
            move_points(to_crop, sample.keypoints),
            atol=2e-3,
        )


def test_large_hands_are_made_smaller_and_everything_with_them():
    sample = make_sample("left", (300, 200, 1100, 900), size=(3200, 2400))
    window = cut_window(sample)
    assert max(window.image.shape[:2]) <= SIZE + 1
    _, to_crop = crop_hand(sample.image, sample.box, "left")
    crop, to_crop_again = crop_hand(window.image, window.box, "left")
    for points, again in (
        (sample.keypoints, window.keypoints),
        (project(sample.vertices, sample.K), project(window.vertices, window.K)),
    ):
        np.testing.assert_allclose(
            move_points(to_crop_again, again), move_points(to_crop, points), atol=0.1
        )
    whole, _ = crop_hand(sample.image, sample.box, "left")
    assert np.abs(whole.astype(int) - crop).mean() < 3


def test_small_hands_are_never_enlarged_and_labels_stay():
    sample = make_sample("right", (150, 120, 160, 131))
    window = cut_window(sample)
    assert max(window.image.shape[:2]) <= 36
    np.testing.assert_array_equal(window.distance, sample.distance)
    np.testing.assert_array_equal(window.vertices, sample.vertices)
    assert window.box[2] - window.box[0] == pytest.approx(10)


def test_hand_without_joints_and_camera_has_none_after():
    sample = dataclasses.replace(make_sample("right", (9, 9, 40, 40)), keypoints=None, K=None)
    window = cut_window(sample)
    assert window.keypoints is None
    assert window.K is None
