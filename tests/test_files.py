import errno

import numpy as np
import pytest
from PIL import Image

from haco.files import InputError, read_image, write_atomically


def pixels(height=8, width=12):
    values = np.arange(height * width * 3) * 7 % 256
    return values.reshape(height, width, 3).astype(np.uint8)


def test_reads_rgb_exactly(tmp_path):
    Image.fromarray(pixels()).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), pixels())


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (6, lambda a: np.rot90(a, -1)),
        (8, lambda a: np.rot90(a, 1)),
    ],
)
def test_exif_orientation_is_applied(tmp_path, orientation, undo):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels()).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), undo(pixels()))


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "YCbCr"])
def test_every_common_mode_becomes_rgb(tmp_path, mode):
    picture = Image.new("RGB", (6, 5), "white").convert(mode)
    picture.save(tmp_path / "a.tif" if mode in ("CMYK", "YCbCr") else tmp_path / "a.png")
    image = read_image(next(tmp_path.glob("a.*")))
    assert image.shape == (5, 6, 3)
    assert (image > 250).all()


def test_16_bit_grey_keeps_its_brightness(tmp_path):
    Image.fromarray(np.full((4, 4), 32896, np.uint16)).save(tmp_path / "a.png")
    assert (read_image(tmp_path / "a.png") == 128).all()


def test_transparent_pixels_lie_over_white(tmp_path):
    values = np.zeros((4, 4, 4), np.uint8)
    values[:2, :, 3] = 255
    Image.fromarray(values).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert (image[:2] == 0).all()
    assert (image[2:] == 255).all()


def test_one_pixel_is_a_picture(tmp_path):
    Image.new("RGB", (1, 1), "red").save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").tolist() == [[[255, 0, 0]]]


def write_bad(path, kind):
    if kind == "zero":
        path.touch()
    elif kind == "text":
        path.write_text("not a picture at all\n")
    elif kind == "truncated":
        rng = np.random.default_rng(0)
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(path)
        path.write_bytes(path.read_bytes()[:2000])
    elif kind == "huge":
        Image.new("1", (20_000, 20_000)).save(path)
    elif kind == "folder":
        path.mkdir()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("zero", "is empty"),
        ("text", "not a picture"),
        ("truncated", "damaged"),
        ("huge", "too large"),
        ("folder", "is a folder"),
        ("missing", "no such file"),
    ],
)
def test_bad_pictures_are_named_in_one_line(tmp_path, kind, says):
    path = tmp_path / "bad.png"
    write_bad(path, kind)
    with pytest.raises(InputError, match=says) as caught:
        read_image(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_written_file_appears_whole_and_alone(tmp_path):
    target = tmp_path / "new" / "a.txt"
    with write_atomically(target) as part:
        part.write_text("all of it")
        assert not target.exists()
    assert target.read_text() == "all of it"
    assert list(target.parent.iterdir()) == [target]


def fail_midway(target, error):
    with write_atomically(target) as part:
        part.write_text("half")
        raise error


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="midway"):
        fail_midway(target, RuntimeError("midway"))
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="No space left"):
        fail_midway(tmp_path / "a", OSError(errno.ENOSPC, "No space left on device"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        fail_midway(tmp_path / "file" / "a.txt", AssertionError("never reached"))
