import numpy as np
import pytest

from haco.hands import load_hand
from haco.pictures.colours import SIDE_COLOURS
from haco.pictures.overlay import HandPanel, describe_parts, draw_boxes, draw_overlay


def panel(side="left", box=(100, 50, 300, 250)):
    return HandPanel(
        box=np.array(box, np.float32),
        side=side,
        probability=np.linspace(0, 1, 778, dtype=np.float32),
        touch=0.9,
        parts={"thumb_tip_palmar": 0.9, "wrist": 0.1},
    )


def test_boxes_are_drawn_where_the_hands_are():
    photo = np.asarray(draw_boxes(np.zeros((720, 960, 3), np.uint8), [panel()]))
    coloured = (photo == SIDE_COLOURS["left"]).all(axis=-1)
    y, x = np.nonzero(coloured[49:])  # below the label
    assert (x.min(), x.max(), y.max() + 49) == (100, 300, 250)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_any_number_of_hands_fits_on_the_sheet(count):
    image = np.full((300, 400, 3), 128, np.uint8)
    sheet = draw_overlay(image, [panel()] * count, load_hand("open"), threshold=0.5)
    frames = (sheet == SIDE_COLOURS["left"]).all(axis=-1).sum()
    assert (frames > 1000 * count) if count else frames == 0
    assert (sheet[:, -16:] == 255).all()


@pytest.mark.parametrize("size", [(1, 1), (3000, 20), (20, 3000)])
def test_pictures_of_odd_sizes_can_be_drawn(size):
    sheet = draw_overlay(np.zeros((*size, 3), np.uint8), [], load_hand("open"), threshold=0.5)
    assert sheet.shape[0] > 100


def test_parts_are_named_from_the_likeliest_down():
    parts = {"wrist": 0.1, "thumb_tip_palmar": 0.9, "index_middle_dorsal": 0.5}
    assert describe_parts(parts) == "thumb tip, palm side 90%; index middle, back 50%"
