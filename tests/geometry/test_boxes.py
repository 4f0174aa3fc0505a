"""Boxes over pixels, with the far edge outside."""

import numpy as np
import pytest

from haco.geometry.boxes import box_centre, box_of_points, iou, mirror_box, square_box


def test_box_of_pixels_0_to_9_is_0_to_10():
    points = np.array([[0.0, 2.0], [9.0, 5.0], [4.0, 3.0]])
    np.testing.assert_array_equal(box_of_points(points), [0, 2, 10, 6])


def test_box_leaves_out_points_nobody_knows():
    points = np.array([[np.nan, 100.0], [1.0, 1.0], [2.0, 3.0]])
    np.testing.assert_array_equal(box_of_points(points), [1, 1, 3, 4])


def test_box_of_no_points_is_refused():
    with pytest.raises(ValueError, match="at least one finite point"):
        box_of_points(np.full((3, 2), np.nan))


def test_centre_of_one_pixel_is_that_pixel():
    np.testing.assert_array_equal(box_centre(np.array([3.0, 5.0, 4.0, 6.0])), [3, 5])


def test_square_keeps_the_centre_and_grows_the_longer_side():
    box = np.array([10, 20, 30, 60], np.float32)
    square = square_box(box, 1.5)
    np.testing.assert_array_equal(square, [-10, 10, 50, 70])
    np.testing.assert_array_equal(box_centre(square), box_centre(box))


def test_mirrored_box_holds_the_mirrored_pixels(rng):
    picture = np.zeros((20, 31), bool)
    picture[4:9, 3:17] = True
    left, top, right, bottom = mirror_box(np.array([3, 4, 17, 9], np.float32), 31).astype(int)
    mirrored = picture[:, ::-1]
    assert mirrored[top:bottom, left:right].all()
    assert mirrored.sum() == (right - left) * (bottom - top)


def test_mirroring_twice_is_identity():
    box = np.array([3.25, 4, 17.5, 9], np.float32)
    np.testing.assert_array_equal(mirror_box(mirror_box(box, 31), 31), box)


def test_iou_of_half_shifted_squares_is_a_third():
    first = np.array([[0, 0, 2, 2], [0, 0, 1, 1], [0, 0, 0, 0]], np.float32)
    second = np.array([[1, 0, 3, 2], [5, 5, 6, 6], [0, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(iou(first, second), [1 / 3, 0, 0], rtol=1e-6)
