"""Frames of a video that the test writes: each has a grey of its own."""

import cv2
import numpy as np
import pytest

from haco.data.video_frames import read_frame
from haco.files import InputError


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "image.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 15, (64, 48))
    for index in range(40):
        writer.write(np.full((48, 64, 3), [6 * index, 6 * index, 0], np.uint8))  # BGR: no red
    writer.release()
    return path


def test_frames_come_by_their_number_in_any_order(video):
    for index in (0, 1, 2, 30, 7, 8, 39):
        frame = read_frame(video, index)
        assert frame.shape == (48, 64, 3)
        red, green, _ = frame.reshape(-1, 3).mean(axis=0)
        assert red < 5
        assert abs(green - 6 * index) < 3


def test_what_is_not_there_is_named(video, tmp_path):
    with pytest.raises(InputError, match=r"none\.mp4: no such file"):
        read_frame(tmp_path / "none.mp4", 0)
    with pytest.raises(InputError, match=r"image\.mp4: frame 40 cannot"):
        read_frame(video, 40)
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    with pytest.raises(InputError, match=r"bad\.mp4: frame 3 cannot"):
        read_frame(tmp_path / "bad.mp4", 3)
