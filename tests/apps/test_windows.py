import itertools
import math

import numpy as np
import pytest

from apps.fake_networks import coordinate_picture
from haco.apps.windows import GREY, Picture, Window, search_windows

SHAPES = [(720, 1280), (1280, 720), (382, 720), (64, 64), (3000, 4000)]


def test_an_upright_window_shows_its_square_of_the_picture(rng):
    image = rng.integers(0, 256, (20, 30, 3), np.uint8)
    shown = Picture(image).view(Window((13.5, 7.5), 8.0), 8)
    np.testing.assert_array_equal(shown, image[4:12, 10:18])


def test_a_mirrored_window_shows_its_square_mirrored(rng):
    image = rng.integers(0, 256, (20, 30, 3), np.uint8)
    shown = Picture(image).view(Window((13.5, 7.5), 8.0).mirror(), 8)
    np.testing.assert_array_equal(shown, image[4:12, 10:18][:, ::-1])


def test_a_window_turned_clockwise_shows_the_picture_turned_back(rng):
    image = rng.integers(0, 256, (20, 30, 3), np.uint8)
    shown = Picture(image).view(Window((13.5, 7.5), 8.0, angle=math.pi / 2), 8)
    np.testing.assert_array_equal(shown, np.rot90(image[4:12, 10:18]))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle", [0.0, 0.4, -2.5])
@pytest.mark.parametrize("shrink", [0.4, 1.0, 2.2, 4.5])
def test_what_a_window_shows_lies_where_it_says(shrink, angle, mirrored):
    size = 24
    window = Window((121.3, 130.8), shrink * size, angle, mirrored)
    shown = Picture(coordinate_picture()).view(window, size)
    v, u = np.mgrid[:size, :size]
    places = window.to_picture(np.column_stack([u.ravel(), v.ravel()]).astype(float), size)
    # One grey level of rounding a halving of the picture, of which there are two at most.
    np.testing.assert_allclose(shown[..., :2].reshape(-1, 2), places, atol=1.6)


@pytest.mark.parametrize("mirrored", [False, True])
def test_to_view_and_back_is_identity(rng, mirrored):
    window = Window((40.0, -3.0), 77.0, 1.1, mirrored)
    points = rng.uniform(-100, 100, (21, 2))
    np.testing.assert_allclose(window.to_picture(window.to_view(points, 192), 192), points)


def test_past_the_edge_a_window_is_grey():
    shown = Picture(coordinate_picture()).view(Window((-20.0, 100.0), 20.0), 10)
    assert (shown == GREY).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 40000), (40000, 2), (3, 700)])
def test_a_picture_of_odd_shape_can_be_shown_whole(shape):
    image = np.full((*shape, 3), 200, np.uint8)
    whole = search_windows(*shape)[0]
    shown = Picture(image).view(whole, 192)
    assert shown.shape == (192, 192, 3)


@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_of_each_size_cover_the_picture(shape):
    height, width = shape
    tiles = search_windows(height, width)[2:]
    assert tiles
    for _, group in itertools.groupby(tiles, key=lambda tile: tile.side):
        covered = np.zeros(shape, bool)
        for tile in group:
            low = np.array(tile.centre) - tile.side / 2 + 0.5
            left, top = np.maximum(np.floor(low), 0).astype(int)
            right, bottom = np.ceil(low + tile.side).astype(int)
            covered[top:bottom, left:right] = True
        assert covered.all()


@pytest.mark.parametrize("shape", SHAPES)
def test_windows_of_a_mirrored_picture_are_the_mirrored_windows(shape):
    height, width = shape
    windows = [(*window.centre, window.side) for window in search_windows(height, width)]
    mirrored = [(width - 1 - x, y, side) for x, y, side in windows]
    np.testing.assert_allclose(sorted(mirrored), sorted(windows))


@pytest.mark.parametrize("shape", [*SHAPES, (60, 20000), (20000, 90), (1, 1)])
def test_the_number_of_windows_is_bounded(shape):
    assert 2 <= len(search_windows(*shape)) <= 90


def test_fast_search_shows_only_the_whole_picture():
    (window,) = search_windows(720, 1280, fast=True)
    assert window == Window((639.5, 359.5), 1280.0)
