import cv2
import numpy as np

from apps.clips import number_of, numbered_frames, write_webm
from haco.apps.webm import WebmWriter, vp8_frame


def read(path) -> tuple[list[np.ndarray], list[float], float]:
    capture = cv2.VideoCapture(str(path))
    frames, times = [], []
    while (found := capture.read())[0]:
        frames.append(found[1][..., ::-1])
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    return frames, times, capture.get(cv2.CAP_PROP_FRAME_COUNT) / capture.get(cv2.CAP_PROP_FPS)


def test_ffmpeg_reads_back_every_picture_at_its_time(tmp_path):
    times = [0.0, 0.1, 0.2, 1.5, 3.0, 40.0, 40.02]
    path = write_webm(tmp_path / "a.webm", numbered_frames(7), times)
    frames, found, length = read(path)
    assert [number_of(frame) for frame in frames] == list(range(7))
    np.testing.assert_allclose(found, times, atol=1e-3)
    np.testing.assert_allclose(length, 40.06, atol=0.1)
    error = np.abs(frames[0].astype(int) - numbered_frames(1)[0]).mean()
    assert error < 6, "colours are kept"


def test_a_file_gone_on_with_is_the_same_as_one_written_at_once(tmp_path):
    frames = [vp8_frame(frame) for frame in numbered_frames(8)]
    whole = WebmWriter(tmp_path / "whole.webm", 96, 64)
    for index in range(8):
        whole.add(frames[index], index / 4)
        if index == 4:
            state = whole.flush()
    whole.close(2.0)

    killed = WebmWriter(tmp_path / "killed.webm", 96, 64)
    for index in range(5):
        killed.add(frames[index], index / 4)
    assert killed.flush() == state
    killed.add(frames[6], 1.5)  # lost with the kill
    killed.flush()
    killed.abandon()
    again = WebmWriter(tmp_path / "killed.webm", 96, 64, state=state)
    for index in range(5, 8):
        again.add(frames[index], index / 4)
    again.close(2.0)
    assert (tmp_path / "killed.webm").read_bytes() == (tmp_path / "whole.webm").read_bytes()


def test_the_index_leads_to_a_frame_in_the_middle(tmp_path):
    path = write_webm(tmp_path / "a.webm", numbered_frames(12), [0.5 * k for k in range(12)])
    capture = cv2.VideoCapture(str(path))
    capture.set(cv2.CAP_PROP_POS_MSEC, 3000)
    assert number_of(capture.read()[1]) == 6
