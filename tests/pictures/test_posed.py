import numpy as np

from haco.pictures.posed import PosedHand, draw_posed_hands, draw_surface

# A slab of two triangles, near the camera, and one behind it.
SQUARE = np.array([[10.0, 10, 0], [50, 10, 0], [50, 50, 0], [10, 50, 0]])
BOTH = np.concatenate([SQUARE, SQUARE + np.array([0.0, 0, 20])])
FACES = np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]])
TOUCH = np.repeat([1.0, 0.0], 4)


def red_over_blue(picture: np.ndarray) -> float:
    middle = picture[20:40, 20:40].astype(float).mean(axis=(0, 1))
    return float(middle[0] - middle[2])


def test_the_nearer_side_is_seen_and_from_behind_the_other():
    white = np.full((60, 60, 3), 255, np.uint8)
    front = draw_surface(white, BOTH, FACES, TOUCH, opaque=1.0)
    back = draw_surface(white, BOTH * [1, 1, -1], FACES, TOUCH, opaque=1.0)
    assert red_over_blue(front) > 30 > 10 > abs(red_over_blue(back))
    assert (front[:8] == 255).all()


def test_a_hand_that_does_not_fit_is_not_drawn(rng):
    image = rng.integers(0, 255, (60, 60, 3), np.uint8)

    def draw(*, is_close: bool) -> np.ndarray:
        hand = PosedHand(
            side="left", vertices=BOTH, faces=FACES, probability=TOUCH, error=3.0,
            is_close=is_close,
        )  # fmt: skip
        return draw_posed_hands(image, [hand], threshold=0.3)

    left, other = draw(is_close=True), draw(is_close=False)
    np.testing.assert_array_equal(left[60:300, :340], other[60:300, :340])
    assert (other[60:390, 380:] == 255).all()
    assert not (left[60:390, 380:] == 255).all()
