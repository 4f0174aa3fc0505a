"""The sheet: what lies at a pixel of the picture lies at the same place of both panels."""

import numpy as np
import pytest

from haco.pictures.inspection import CELL, HandView, Surface, draw_sheet

LEFT, TOP = 14, 50 + 36
"""Corner of the first cell's picture on the sheet."""


def view(image, box, **given):
    surface = {"hand": None, "nearness": None, "thing": None} | given
    return HandView(image=image, box=np.array(box, np.float32), side="left", caption="a", **surface)


def draw(*views):
    return draw_sheet(views, heading="hands", legend=("far", "near")).astype(int)


@pytest.mark.parametrize("size", [50, 1000])
def test_vertices_lie_on_the_pixels_that_they_project_to(size):
    image = np.full((size, size, 3), 200, np.uint8)
    edge = size // 25
    x, y = size * 3 // 10, size * 6 // 10
    image[y - edge : y + edge + 1, x - edge : x + edge + 1] = 0
    hand = Surface(points=np.array([[x, y, 0.5]]), faces=None)
    box = [0.2 * size, 0.3 * size, 0.8 * size, 0.9 * size]
    sheet = draw(view(image, box, hand=hand, nearness=np.array([1.0])))
    panel = sheet[TOP : TOP + CELL, LEFT : LEFT + CELL]
    overlaid = sheet[TOP : TOP + CELL, LEFT + CELL + 2 : LEFT + 2 * CELL + 2]
    dark = np.argwhere(panel.sum(axis=2) < 60).mean(axis=0)
    red = np.argwhere(overlaid[..., 0] > overlaid[..., 1] + 40).mean(axis=0)
    np.testing.assert_allclose(red, dark, atol=1.0)


def test_nearer_surface_hides_none_of_the_hand_and_unknown_is_blue():
    image = np.full((80, 80, 3), 255, np.uint8)
    square = np.array([[20, 20, 0.5], [60, 20, 0.5], [60, 60, 0.5], [20, 60, 0.5]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    thing = Surface(points=square + np.array([20, 20, -0.2]), faces=faces)
    hand = Surface(points=square, faces=faces)
    sheet = draw(
        view(image, [20, 20, 60, 60], hand=hand, nearness=np.full(4, np.nan), thing=thing),
        view(image, [20, 20, 60, 60], hand=hand, nearness=np.ones(4)),
    )
    middle = TOP + CELL // 2, LEFT + CELL + 2 + CELL // 2
    red, _, blue = sheet[middle]
    assert blue > red + 30
    green = sheet[TOP + CELL - 15, LEFT + 2 * CELL - 13]
    assert green[1] > green[0] + 20
    red, _, blue = sheet[middle[0], middle[1] + 2 * CELL + 2 + 14]
    assert red > blue + 20
