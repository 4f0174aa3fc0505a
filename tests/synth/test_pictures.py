"""Backgrounds, the camera's flaws, noise, and the sheets that show samples with their labels."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import haco.synth.looks.backgrounds
from haco.files import InputError
from haco.synth.draw import closeness, draw_in_view
from haco.synth.engine import make_sample
from haco.synth.looks.backgrounds import SIZE, TEXTURES, draw_background, textures
from haco.synth.looks.noise import noise_at
from haco.synth.looks.postprocess import STILL, Photo, develop, draw_photo
from haco.synth.sheet import draw_cell, draw_sheet
from haco.synth.write import write_pictures, write_sheet


def test_backgrounds_vary_and_repeat_with_their_seed():
    drawn = [draw_background(np.random.default_rng(seed)) for seed in range(24)]
    again = draw_background(np.random.default_rng(7))
    np.testing.assert_array_equal(again, drawn[7])
    means = np.array([image.mean(axis=(0, 1)) for image in drawn])
    assert (means.std(axis=0) > 0.05).all()
    for image in drawn:
        assert image.shape == (SIZE, SIZE, 3)
        assert np.isfinite(image).all()
        assert image.min() >= 0


def test_a_plain_background_is_nearly_one_colour(rng):
    image = draw_background(rng, plain=True)
    assert (image.std(axis=(0, 1)) < 0.1 * image.mean(axis=(0, 1)) + 1e-6).all()


def test_every_bundled_picture_says_whose_it_is():
    folder = Path(haco.synth.looks.backgrounds.__file__).parents[1] / "assets"
    words = (folder / "LICENCES.md").read_text()
    files = sorted(path.name for path in folder.glob("*.jpg"))
    assert files == sorted(f"{name}.jpg" for name in TEXTURES)
    assert all(f"| {name} |" in words for name in files)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 300_000
    assert textures().shape == (len(TEXTURES), SIZE, SIZE, 3)


def test_a_still_photo_only_applies_the_gamma():
    light = np.tile(np.array([0.0, 0.25, 1.0, 4.0], np.float32)[:, None, None], (1, 8, 3))
    expected = [0, round(255 * 0.25 ** (1 / 2.2)), 255, 255]
    assert develop(light, STILL)[:, 0, 0].tolist() == expected


@pytest.mark.parametrize(
    "flaw",
    [{"noise": 0.03}, {"jpeg": 40}, {"blur": 2.0}, {"motion": (6.0, 2.0)}, {"filmic": True}],
    ids=lambda flaw: next(iter(flaw)),
)
def test_each_flaw_changes_the_picture_but_not_its_mean(flaw):
    checks = (np.indices((64, 64)).sum(axis=0) // 8 % 2).astype(np.float32) * 0.3 + 0.1
    light = np.repeat(checks[..., None], 3, axis=2)
    fields = {name: getattr(STILL, name) for name in STILL.__dataclass_fields__}
    clean, flawed = develop(light, STILL), develop(light, Photo(**(fields | flaw)))
    assert not np.array_equal(clean, flawed)
    assert np.abs(flawed.astype(float) - clean).mean() > 0.5
    assert flawed.mean() == pytest.approx(clean.mean(), rel=0.1)


def test_motion_blur_smears_along_the_motion_only():
    light = np.zeros((64, 64, 3), np.float32)
    light[32, 32] = 1.0
    fields = {name: getattr(STILL, name) for name in STILL.__dataclass_fields__}
    image = develop(light, Photo(**(fields | {"motion": (40.0, 0.0)})))  # ten of these pixels
    rows, columns = np.nonzero(image[..., 0])
    assert set(rows) == {32}
    assert 9 <= np.ptp(columns) <= 11


def test_everyday_photos_have_flaws_and_easy_ones_few(rng):
    everyday = [draw_photo(rng) for _ in range(60)]
    easy = [draw_photo(rng, flaws=False) for _ in range(20)]
    assert {photo.jpeg is None for photo in everyday} == {True, False}
    assert any(photo.motion != (0.0, 0.0) for photo in everyday)
    assert all(photo.jpeg is None and photo.blur == 0 for photo in easy)


def test_noise_is_smooth_centred_and_differs_from_cell_to_cell(rng):
    points = rng.uniform(-50, 50, (2000, 3))
    value = noise_at(points)
    assert abs(value.mean()) < 0.05
    assert 0.2 < value.std() < 0.6
    assert np.abs(value).max() <= 1
    assert np.abs(noise_at(points + 0.001) - value).max() < 0.02


def test_closeness_is_one_at_touch_and_nothing_from_two_centimetres():
    sample = make_sample("easy", 0, 0, size=32)
    nearness = closeness(sample)
    assert nearness.min() >= 0
    np.testing.assert_array_equal(nearness == 0, sample.distance >= 0.02)
    np.testing.assert_array_equal(nearness > 0.5, sample.distance < 0.01)


def test_the_drawn_hand_covers_its_box_and_nothing_else():
    sample = make_sample("easy", 0, 0, size=64)
    drawn = draw_in_view(sample, 64).astype(int)
    coloured = np.ptp(drawn, axis=2) > 3  # the faded picture around it is grey
    rows, columns = np.nonzero(coloured)
    left, top, right, bottom = sample.box
    assert coloured.any()
    assert columns.min() >= left - 1
    assert columns.max() <= right + 1
    assert rows.min() >= top - 1
    assert rows.max() <= bottom + 1


def test_written_pictures_and_labels_are_the_samples(tmp_path):
    done = []
    write_pictures("full", 2, 5, 64, tmp_path, done.append)
    assert done == [1, 2]
    sample = make_sample("full", 5, 1, size=64)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "00001.png")), sample.image)
    labels = np.load(tmp_path / "labels.npz")
    np.testing.assert_array_equal(labels["distance"][1], sample.distance.astype(np.float16))
    np.testing.assert_array_equal(labels["box"][1], sample.box)
    readable = json.loads((tmp_path / "labels.json").read_text())["samples"]
    assert [entry["file"] for entry in readable] == ["00000.png", "00001.png"]
    assert readable[1]["side"] == sample.side
    np.testing.assert_allclose(readable[1]["distance"], sample.distance, atol=1e-5)
    names = {"sheet.png", "00000_labels.png", "00001_labels.png"}
    assert names < {path.name for path in tmp_path.iterdir()}


def test_no_pictures_or_tiny_ones_are_refused(tmp_path):
    for num, size in ((0, 64), (1, 8)):
        for write in (write_pictures, write_sheet):
            with pytest.raises(InputError, match="cannot be drawn"):
                write("full", num, 0, size, tmp_path)


def test_a_sheet_shows_each_picture_beside_its_truth(tmp_path):
    path = write_sheet("easy", 2, 5, 180, tmp_path / "seen.png")
    sheet = np.asarray(Image.open(path)).astype(int)
    for column, index in enumerate((0, 1)):
        sample = make_sample("easy", 5, index, size=180)
        left = 16 + column * (2 * 180 + 4 + 16)
        np.testing.assert_array_equal(sheet[68:248, left : left + 180], sample.image)
        truth = sheet[68:248, left + 184 : left + 364]
        np.testing.assert_array_equal(truth, draw_in_view(sample, 180))


def test_a_sheet_without_a_name_is_called_sheet(tmp_path):
    assert write_sheet("easy", 1, 0, 32, tmp_path) == tmp_path / "sheet.png"
    assert write_sheet("easy", 1, 0, 32, tmp_path / "a.JPG") == tmp_path / "a.JPG"


@pytest.mark.parametrize(
    ("num", "size"), [(24, (4 * 380 + 16, 6 * 212 + 150)), (25, (8 * 340 + 16, 4 * 192 + 150))]
)
def test_many_pictures_are_smaller_so_that_a_sheet_is_seen_at_once(num, size):
    cell = draw_cell(make_sample("easy", 0, 0, size=32), 0, num)
    assert draw_sheet([cell] * num, "of one").size == size
