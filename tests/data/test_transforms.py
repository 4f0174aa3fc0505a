"""The one crop function: where pixels land, mirrored hands, the released system's crop."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from haco.data import transforms
from haco.data.augment import (
    add_noise,
    draw_placement,
    lower_resolution,
    recolour,
    recompress,
    roughen,
)
from haco.data.settings import PAPER_AUGMENTATION, Augmentation
from haco.data.transforms import CROP_FACTOR, crop_hand, move_points, to_crop
from haco.files import InputError
from haco.geometry.boxes import box_centre, mirror_box
from haco.geometry.contact import PROTOCOLS
from haco.types import Sample

GOLDEN = Path(__file__).parent.parent / "golden" / "learning" / "crop.npz"
HARMONISED = PROTOCOLS["harmonised"]


def smooth_image(rng, height=90, width=120) -> np.ndarray:
    coarse = rng.random((height // 10 + 2, width // 10 + 2, 3))
    rows, columns = np.arange(height) / 10, np.arange(width) / 10
    top, left = rows.astype(int), columns.astype(int)
    down, right = (rows - top)[:, None, None], (columns - left)[None, :, None]
    upper = coarse[top][:, left] * (1 - right) + coarse[top][:, left + 1] * right
    lower = coarse[top + 1][:, left] * (1 - right) + coarse[top + 1][:, left + 1] * right
    return (255 * (upper * (1 - down) + lower * down)).astype(np.uint8)


def make_sample(rng, **changes) -> Sample:
    sample = Sample(
        key="synthetic/full/0/0",
        image=smooth_image(rng),
        box=np.array([30, 20, 81, 62], np.float32),
        side="right",
        distance=rng.normal(0, 0.02, 778).astype(np.float32),
        keypoints=rng.uniform(20, 60, (21, 2)).astype(np.float32),
    )
    return dataclasses.replace(sample, **changes)


def mirror(sample: Sample) -> Sample:
    width = sample.image.shape[1]
    keypoints = None
    if sample.keypoints is not None:
        keypoints = np.column_stack([width - 1 - sample.keypoints[:, 0], sample.keypoints[:, 1]])
    return dataclasses.replace(
        sample,
        image=np.ascontiguousarray(sample.image[:, ::-1]),
        box=mirror_box(sample.box, width),
        side="left" if sample.side == "right" else "right",
        keypoints=keypoints,
    )


def bright_spot(image: np.ndarray) -> np.ndarray:
    """Centre of mass of a picture that is black but for one spot: x, y."""
    weight = image.sum(axis=-1, dtype=np.float64)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("mode", ["fixed", "reference"])
@pytest.mark.parametrize(("stretch", "tolerance"), [(1, 0.1), (9, 0.1)])
def test_marked_pixel_lands_where_the_matrix_says(side, mode, stretch, tolerance):
    image = np.zeros((100 * stretch, 140 * stretch, 3), np.uint8)
    x, y = 61 * stretch, 47 * stretch
    image[y - stretch : y + stretch + 1, x - stretch : x + stretch + 1] = 250
    box = np.array([41, 30, 96, 77], np.float32) * stretch
    crop, matrix = crop_hand(
        image, box, side, scale=1.1, rotation=0.4, shift=(0.05, -0.08), mode=mode
    )
    landed = move_points(matrix, np.array([float(x), float(y)]))
    np.testing.assert_allclose(bright_spot(crop), landed, atol=tolerance)


@pytest.mark.parametrize("side", ["left", "right"])
def test_box_centre_lands_in_the_middle_of_the_crop(rng, side):
    box = np.array([30, 20, 81, 62], np.float32)
    _, matrix = crop_hand(smooth_image(rng), box, side, size=128, rotation=0.3)
    np.testing.assert_allclose(move_points(matrix, box_centre(box)), [63.5, 63.5], atol=1e-5)


def test_square_crop_never_stretches(rng):
    box = np.array([30, 20, 81, 62], np.float32)
    _, matrix = crop_hand(smooth_image(rng), box, "left", size=128, rotation=0.3, scale=1.2)
    grown = matrix[:, :2] @ matrix[:, :2].T
    share = 128 / (51 * CROP_FACTOR * 1.2)
    np.testing.assert_allclose(grown, np.eye(2) * share**2, atol=1e-9)


def test_crop_of_a_square_of_its_own_size_is_that_square(rng):
    image = smooth_image(rng)
    box = np.array([36, 20, 72, 56], np.float32)  # 36 wide, so the crop is 54 pixels wide
    crop, _ = crop_hand(image, box, "right", size=54)
    np.testing.assert_array_equal(crop, image[11:65, 27:81])
    mirrored, _ = crop_hand(image, box, "left", size=54)
    np.testing.assert_array_equal(mirrored, image[11:65, 27:81][:, ::-1])


@pytest.mark.parametrize("side", ["left", "right"])
def test_mirrored_sample_gives_the_identical_crop(rng, side):
    box = np.array([30.37, 20.11, 81.73, 62.9], np.float32)
    sample = make_sample(rng, side=side, box=box)
    crop, mirrored = to_crop(sample, HARMONISED), to_crop(mirror(sample), HARMONISED)
    assert torch.equal(crop.image, mirrored.image)
    assert torch.equal(crop.contact, mirrored.contact)
    torch.testing.assert_close(crop.keypoints, mirrored.keypoints)


def test_augmented_crops_of_mirrored_samples_are_identical(rng):
    sample, augmentation = make_sample(rng), Augmentation()
    first = to_crop(sample, HARMONISED, np.random.default_rng(5), augmentation)
    second = to_crop(mirror(sample), HARMONISED, np.random.default_rng(5), augmentation)
    assert torch.equal(first.image, second.image)


def test_large_photo_does_not_alias():
    stripes = np.zeros((2048, 2048, 3), np.uint8)
    stripes[:, ::2] = 255
    box = np.array([400, 400, 1600, 1600], np.float32)
    crop, _ = crop_hand(stripes, box, "right", size=128)
    assert np.abs(crop.astype(int) - 127).max() < 12


def test_shrinking_agrees_with_a_plain_mean_over_each_pixels_square(rng):
    image = rng.integers(0, 256, (400, 400, 3), dtype=np.uint8)
    box = np.array([104, 88, 296, 280], np.float32)  # crop 288 wide: 32 pixels of 9 each
    crop, _ = crop_hand(image, box, "right", size=32)
    plain = image[40:328, 56:344].reshape(32, 9, 32, 9, 3).mean(axis=(1, 3))
    # The blocks need not lie on the crop's pixels, so a pixel may mix up to four of them.
    assert np.abs(crop - plain).mean() < 8
    assert np.abs(crop.mean() - plain.mean()) < 1


def test_outside_of_the_image_is_border():
    image = np.full((50, 50, 3), 200, np.uint8)
    crop, matrix = crop_hand(image, np.array([-20, 10, 20, 50], np.float32), "right", size=64)
    inside = move_points(matrix, np.array([[2.0, 30.0], [-4.0, 30.0]])).round().astype(int)
    assert (crop[inside[0, 1], inside[0, 0]] == 200).all()
    assert (crop[inside[1, 1], inside[1, 0]] == 0).all()


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((5, 5, 5, 9), "holds no pixel"),
        ((9, 5, 5, 9), "holds no pixel"),
        ((np.nan, 5, 5, 9), "holds no pixel"),
        ((200, 5, 220, 9), "lies outside the image, which is 120 x 90"),
    ],
)
def test_useless_box_is_refused(rng, box, words):
    with pytest.raises(InputError, match=words):
        crop_hand(smooth_image(rng), np.array(box, np.float32), "right")


def test_keypoints_travel_with_the_pixels(rng):
    image = np.zeros((100, 140, 3), np.uint8)
    image[46:49, 60:63] = 250
    keypoints = np.full((21, 2), (61, 47), np.float32)
    sample = make_sample(rng, image=image, keypoints=keypoints, side="left")
    augmentation = Augmentation(colour=0.0, brightness=0.0, saturation=0.0)
    crop = to_crop(sample, HARMONISED, np.random.default_rng(3), augmentation)
    spot = bright_spot(crop.image.permute(1, 2, 0).numpy())
    np.testing.assert_allclose(crop.keypoints[0].numpy() * 256, spot, atol=0.5)


def test_unknown_keypoints_are_nan(rng):
    crop = to_crop(make_sample(rng, keypoints=None), HARMONISED)
    assert crop.keypoints.isnan().all()


def test_augmentation_needs_a_generator(rng):
    with pytest.raises(ValueError, match="pass an rng"):
        to_crop(make_sample(rng), HARMONISED, augmentation=Augmentation())


def test_same_generator_gives_the_same_crop(rng):
    sample, augmentation = make_sample(rng), Augmentation()
    crops = [
        to_crop(sample, HARMONISED, np.random.default_rng(seed), augmentation).image
        for seed in (7, 7, 8)
    ]
    assert torch.equal(crops[0], crops[1])
    assert not torch.equal(crops[0], crops[2])


def test_placements_stay_within_their_limits():
    rng = np.random.default_rng(0)
    augmentation = Augmentation(zoom_probability=0.0)
    placements = [draw_placement(augmentation, rng) for _ in range(500)]
    assert 0.75 <= min(placement.scale for placement in placements) < 0.8
    assert max(abs(placement.rotation) for placement in placements) <= math.radians(60)
    assert max(abs(place) for placement in placements for place in placement.shift) <= 0.1
    turned = np.mean([placement.rotation != 0 for placement in placements])
    assert abs(turned - 0.6) < 0.08


def test_zoomed_window_stays_inside_the_crop():
    rng = np.random.default_rng(0)
    augmentation = Augmentation(zoom_probability=1.0, scale=0.0, shift=0.0)
    for _ in range(100):
        placement = draw_placement(augmentation, rng)
        assert placement.scale == pytest.approx(0.7)
        assert max(abs(place) for place in placement.shift) <= 0.15


def test_reference_noise_turns_the_crop_black_and_ours_does_not():
    grey = np.full((32, 32, 3), 120, np.uint8)
    settings = dataclasses.replace(PAPER_AUGMENTATION, noise_probability=1.0)
    released = dataclasses.replace(settings, mode="reference")
    assert roughen(grey, released, np.random.default_rng(0)).max() <= 1
    assert roughen(grey, settings, np.random.default_rng(0)).mean() > 80


def test_reference_noise_strikes_as_often_as_it_is_told():
    grey = np.full((16, 16, 3), 120, np.uint8)
    released = dataclasses.replace(PAPER_AUGMENTATION, mode="reference")
    rng = np.random.default_rng(0)
    black = [roughen(grey, released, rng).max() <= 1 for _ in range(400)]
    assert np.mean(black) == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize("side", ["left", "right"])
def test_reference_shift_is_a_share_of_the_photo_and_ours_of_the_crop(rng, side):
    """A joint in the middle of the hand's box moves with the crop: 1/2 where nothing is shifted."""
    box = np.array([58, 40, 68, 50], np.float32)  # 10 pixels wide in a photo of 120 x 90
    middle = np.tile(np.array([62.5, 44.5], np.float32), (21, 1))
    sample = make_sample(rng, box=box, side=side, keypoints=middle)
    only_shift = Augmentation(scale=0.0, rotation_probability=0.0, zoom_probability=0.0)
    moved = {}
    for mode in ("fixed", "reference"):
        settings = dataclasses.replace(only_shift, mode=mode)
        crop = to_crop(sample, HARMONISED, np.random.default_rng(4), settings)
        moved[mode] = crop.keypoints[0].numpy() - 0.5 + 0.5 / 256
    assert np.abs(moved["fixed"]).max() <= 0.1 + 1e-6
    np.testing.assert_allclose(
        moved["reference"], moved["fixed"] * np.array([120, 90]) / 15, atol=1e-4
    )


@pytest.mark.parametrize("mode", ["fixed", "reference"])
def test_a_crop_is_warped_once(rng, monkeypatch, mode):
    calls = []
    warp = transforms.cv2.warpAffine
    monkeypatch.setattr(
        transforms.cv2, "warpAffine", lambda *a, **k: calls.append(1) or warp(*a, **k)
    )
    settings = Augmentation(mode=mode, zoom_probability=1.0, rotation_probability=1.0)
    to_crop(make_sample(rng), HARMONISED, np.random.default_rng(0), settings)
    assert calls == [1]


def test_roughened_crops_stay_bright():
    """The released system's noise made three crops in ten black; this one does not."""
    rng = np.random.default_rng(0)
    grey = np.full((64, 64, 3), 128, np.uint8)
    means = [roughen(grey, Augmentation(), rng).mean() for _ in range(300)]
    assert 70 < min(means) < max(means) < 200


def test_noise_has_the_deviation_it_is_given(rng):
    noisy = add_noise(np.full((256, 256, 3), 128, np.uint8), 0.02, rng).astype(float)
    assert noisy.mean() == pytest.approx(128, abs=0.1)
    assert noisy.std() == pytest.approx(0.02 * 255, rel=0.03)


def test_lower_resolution_keeps_the_mean_and_loses_detail(rng):
    crop = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    low = lower_resolution(crop, 0.25)
    assert low.mean() == pytest.approx(crop.mean(), abs=2)
    assert low.std() < crop.std() / 2


def test_recolouring_a_grey_crop_changes_gain_and_keeps_it_flat():
    crop = np.full((8, 8, 3), 100, np.uint8)
    only_brightness = Augmentation(colour=0.0, brightness=0.5, saturation=0.9, contrast=0.9)
    for seed in range(5):
        draws = np.random.default_rng(seed).uniform(-1, 1, size=6)
        changed = recolour(crop, only_brightness, np.random.default_rng(seed))
        assert np.abs(changed - 100 * (1 + 0.5 * draws[3])).max() <= 0.51


def test_recolouring_gains_each_channel_by_itself():
    crop = np.zeros((8, 8, 3), np.uint8)
    crop[..., 1] = 100
    only_colour = Augmentation(colour=0.2, brightness=0.0, saturation=0.0, contrast=0.0)
    draws = np.random.default_rng(1).uniform(-1, 1, size=6)
    changed = recolour(crop, only_colour, np.random.default_rng(1))
    assert np.abs(changed[0, 0] - [0, 100 * (1 + 0.2 * draws[1]), 0]).max() <= 0.51


def test_recompression_keeps_the_channels_apart():
    crop = np.zeros((32, 32, 3), np.uint8)
    crop[..., 0] = 200
    assert np.abs(recompress(crop, 90).astype(int) - crop).max() < 12


def golden_cases():
    with np.load(GOLDEN) as golden:
        return {name: golden[name] for name in golden.files}


@pytest.mark.parametrize("case", range(10))
@pytest.mark.parametrize("kind", ["u8", "f32"])
def test_reference_crop_is_the_released_one(case, kind):
    golden = golden_cases()
    x, y, width, height, scale, degrees, flip, shift_x, shift_y, white = golden["case_params"][case]
    image = golden["image"] if kind == "u8" else golden["image"].astype(np.float32)
    crop, matrix = crop_hand(
        image,
        np.array([x, y, x + width, y + height], np.float64),
        "left" if flip else "right",
        scale=scale,
        rotation=math.radians(degrees),
        shift=(shift_x, shift_y),
        mode="reference",
        border=255 if white else 0,
    )
    difference = np.abs(crop[::4, ::4].astype(float) - golden[f"patch_{kind}_sub4"][case])
    assert difference.max() <= 8
    assert difference.mean() <= 0.15
    if flip:  # the released matrix starts from the mirrored image
        matrix = matrix @ np.array([[-1, 0, image.shape[1] - 1], [0, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(matrix, golden["trans"][case], atol=2e-4)


@pytest.mark.parametrize("border", ["black", "white"])
def test_reference_demo_crop_is_the_released_one(border):
    golden = golden_cases()
    x, y, width, height = (80, 60, 160, 90) if border == "black" else (-40.5, -30.25, 200.5, 150.75)
    crop, _ = crop_hand(
        golden["image"],
        np.array([x, y, x + width, y + height], np.float64),
        "right",
        mode="reference",
        border=255 if border == "white" else 0,
    )
    difference = np.abs(crop.astype(int) - golden[f"demo_crop_{border}"])
    assert difference.max() <= 8
    assert difference.mean() <= 0.15
