import numpy as np
import pytest

from apps.clips import (
    number_of,
    numbered_frames,
    turn_mp4,
    write_mp4,
    write_ten_bits,
    write_webm,
)
from haco.apps.clip import Clip
from haco.files import InputError


def test_every_frame_comes_once_in_order_with_its_time(tmp_path):
    clip = Clip(write_mp4(tmp_path / "a.mp4", numbered_frames(8)))
    frames = list(clip.frames())
    assert [number_of(frame.image) for frame in frames] == list(range(8))
    assert [frame.index for frame in frames] == list(range(8))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(8) / 25, atol=1e-3)
    assert frames[0].image[5, 5, 0] > 150 > frames[0].image[5, 5, 2], "red comes first"
    assert not clip.is_cut_short(8)


def test_a_changing_frame_rate_is_kept(tmp_path):
    times = [0.0, 0.04, 0.08, 0.5, 0.52, 2.0]
    clip = Clip(write_webm(tmp_path / "a.webm", numbered_frames(6), times))
    np.testing.assert_allclose([frame.time for frame in clip.frames()], times, atol=2e-3)


def test_a_start_gives_the_same_frames_as_the_whole(tmp_path):
    path = write_mp4(tmp_path / "a.mp4", numbered_frames(9))
    whole, late = list(Clip(path).frames())[5:], list(Clip(path).frames(start=5))
    assert [frame.index for frame in late] == [5, 6, 7, 8]
    for first, second in zip(whole, late, strict=True):
        assert first.time == second.time
        np.testing.assert_array_equal(first.image, second.image)


def test_a_phone_video_comes_upright(tmp_path):
    clip = Clip(turn_mp4(write_mp4(tmp_path / "a.mp4", numbered_frames(3))))
    assert (clip.height, clip.width) == (96, 64)
    image = next(clip.frames()).image
    assert image.shape == (96, 64, 3)
    red = image[..., 0].astype(int) - image[..., 2] > 80
    assert red[:48, 32:].mean() > 0.8, "upper left, turned clockwise, is upper right"
    assert red[:, :32].mean() < 0.1


def test_ten_bits_a_channel_come_as_eight(tmp_path):
    clip = Clip(write_ten_bits(tmp_path / "a.y4m", [64, 502, 940]))
    levels = [float(frame.image.mean()) for frame in clip.frames()]
    np.testing.assert_allclose(levels, [0, 127.5, 255], atol=2)


def test_odd_sizes_are_read(tmp_path):
    clip = Clip(write_webm(tmp_path / "a.webm", numbered_frames(3, width=95, height=63)))
    assert [frame.image.shape for frame in clip.frames()] == [(63, 95, 3)] * 3


def test_a_file_cut_in_the_middle_gives_what_is_there_and_says_so(tmp_path):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (64, 96, 3), np.uint8) for _ in range(20)]
    path = write_webm(tmp_path / "a.webm", frames)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = Clip(path)
    count = len(list(clip.frames()))
    assert 7 <= count <= 11
    assert clip.is_cut_short(count)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"this is not a video" * 100, "is not a video"),
    ],
)
def test_what_is_no_video_is_refused(tmp_path, content, words):
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        Clip(path)


def test_a_folder_and_a_file_without_its_end_are_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        Clip(tmp_path)
    path = write_mp4(tmp_path / "a.mp4", numbered_frames(8))
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match="its end is missing"):
        Clip(path)


def test_a_video_of_no_frames_is_refused(tmp_path):
    path = tmp_path / "a.y4m"
    path.write_bytes(b"YUV4MPEG2 W96 H64 F25:1 Ip A1:1 C420\n")
    with pytest.raises(InputError, match=r"no frame|not a video"):
        Clip(path)
