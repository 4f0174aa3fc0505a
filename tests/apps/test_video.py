import json
import resource

import cv2
import numpy as np
import pyarrow.parquet
import pytest
import torch

from apps.clips import number_of, numbered_frames, turn_mp4, write_mp4, write_webm
from apps.hands import detected
from haco.apps.box_file import BoxFile
from haco.apps.clip import Clip
from haco.apps.follow import DetectedHands
from haco.apps.video import VideoSettings, predict_video
from haco.apps.video_stages import Stages
from haco.files import InputError

SMALL = VideoSettings(batch=4, keep_every=10)


def moving_boxes(path, count, *, gaps=()):
    """A right hand that moves right, in all frames but the gaps."""
    lines = ["frame,x1,y1,x2,y2,side"]
    lines += [f"{k},{20 + k},10,{60 + k},50,right" for k in range(count) if k not in gaps]
    path.write_text("\n".join(lines))
    return BoxFile(path)


def table(stem):
    return pyarrow.parquet.read_table(stem.with_name(f"{stem.name}.parquet")).to_pydict()


@pytest.fixture
def clip_path(tmp_path):
    frames = [np.roll(frame, 3 * k, axis=1) for k, frame in enumerate(numbered_frames(21))]
    return write_webm(tmp_path / "clip.webm", frames)


def test_every_frame_gets_its_row_its_picture_and_its_time(clip_path, tmp_path, make_predictor):
    source = moving_boxes(tmp_path / "boxes.csv", 21)
    result = predict_video(
        make_predictor(), clip_path, tmp_path / "out" / "a", settings=SMALL, source=source
    )
    rows = table(tmp_path / "out" / "a")
    assert rows["frame"] == list(range(21))
    assert set(rows["track"]) == {1}
    assert set(rows["side"]) == {"right"}
    np.testing.assert_allclose(rows["time"], np.arange(21) / 25, atol=2e-3)
    np.testing.assert_allclose(rows["box"][10], [30, 10, 70, 50], atol=0.01)
    np.testing.assert_allclose(rows["box"][20], [40, 10, 80, 50], atol=0.01)
    assert np.array(rows["probability"]).shape == (21, 778)
    assert rows["parts"][3]["wrist"] == pytest.approx(
        max(np.array(rows["probability"][3])[make_predictor().hands["right"].parts["wrist"]]),
        abs=1e-3,
    )
    drawn = list(Clip(tmp_path / "out" / "a.webm").frames())
    assert [frame.index for frame in drawn] == list(range(21))
    assert [number_of(frame.image[:64, :90]) for frame in drawn[:3]] != [0, 0, 0]
    record = json.loads((tmp_path / "out" / "a.json").read_text())
    assert record["frames"] == result.frames == 21
    assert record["tracks"][0]["frames"] == 21
    assert cv2.imread(str(tmp_path / "out" / "a_timeline.png")) is not None
    assert not (tmp_path / "out" / "a.parts").exists()


def test_video_says_of_a_still_frame_what_a_photo_says(tmp_path, make_predictor):
    frame = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    path = write_webm(tmp_path / "clip.webm", [frame] * 6)
    source = DetectedHands(lambda image: [detected((20, 10, 60, 50), "left")])
    predict_video(make_predictor(), path, tmp_path / "a", settings=SMALL, source=source)
    image = next(Clip(path).frames()).image
    photo = make_predictor()(image, box=(20, 10, 60, 50), side="left")
    rows = table(tmp_path / "a")
    np.testing.assert_allclose(rows["probability"][3], photo.probability, atol=2e-3)
    assert rows["touch"][3] == pytest.approx(photo.touch, abs=2e-4)


def test_a_gap_is_bridged_and_marked_and_a_long_one_is_left_open(
    clip_path, tmp_path, make_predictor
):
    source = moving_boxes(tmp_path / "boxes.csv", 21, gaps=(4, 5, 10, 11, 12, 13, 14, 15, 16))
    predict_video(make_predictor(), clip_path, tmp_path / "a", settings=SMALL, source=source)
    rows = table(tmp_path / "a")
    assert rows["frame"] == [*range(10), *range(17, 21)]
    assert [f for f, seen in zip(rows["frame"], rows["seen"], strict=True) if not seen] == [4, 5]
    np.testing.assert_allclose(rows["box"][4], [24, 10, 64, 50], atol=0.01)
    assert set(rows["track"]) == {1}


def test_a_run_that_was_killed_goes_on_to_the_same_results(
    clip_path, tmp_path, make_predictor, monkeypatch
):
    def run(stem):
        source = moving_boxes(tmp_path / "boxes.csv", 21, gaps=(9, 10))
        return predict_video(make_predictor(), clip_path, stem, settings=SMALL, source=source)

    run(tmp_path / "whole")
    observe = Stages.observe

    def die(self, frame):
        if frame.index == 20:
            raise KeyboardInterrupt
        observe(self, frame)

    monkeypatch.setattr(Stages, "observe", die)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed")
    monkeypatch.setattr(Stages, "observe", observe)
    result = run(tmp_path / "killed")
    assert result.resumed_at >= 10
    whole, again = table(tmp_path / "whole"), table(tmp_path / "killed")
    assert whole["frame"] == again["frame"]
    assert whole["seen"] == again["seen"]
    for column in ("box", "touch", "probability", "time"):
        np.testing.assert_allclose(
            np.array(whole[column], float), np.array(again[column], float), atol=1e-3
        )
    assert (tmp_path / "killed_events.csv").read_text() == (
        tmp_path / "whole_events.csv"
    ).read_text()
    first, second = (list(Clip(tmp_path / f"{n}.webm").frames()) for n in ("whole", "killed"))
    assert len(first) == len(second) == 21
    assert np.abs(first[-1].image.astype(int) - second[-1].image).mean() < 1


def test_a_full_disk_keeps_what_was_done_says_so_and_can_be_gone_on_from(tmp_path, make_predictor):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (160, 240, 3), np.uint8) for _ in range(24)]
    path = write_webm(tmp_path / "clip.webm", frames)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def run():
        source = moving_boxes(tmp_path / "boxes.csv", 24)
        return predict_video(make_predictor(), path, tmp_path / "a", settings=SMALL, source=source)

    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))  # no file may be larger
    try:
        with pytest.raises(InputError, match=r"stopped after \d+ frames: .*are kept in"):
            run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert run().resumed_at >= 10
    assert table(tmp_path / "a")["frame"] == list(range(24))
    assert len(list(Clip(tmp_path / "a.webm").frames())) == 24


def test_a_clip_without_a_hand_gives_empty_tables(clip_path, tmp_path, make_predictor):
    source = DetectedHands(lambda image: [])
    result = predict_video(
        make_predictor(), clip_path, tmp_path / "a", settings=SMALL, source=source
    )
    assert (result.frames, result.tracks, result.num_touches) == (21, [], 0)
    assert table(tmp_path / "a")["frame"] == []
    assert len((tmp_path / "a_events.csv").read_text().splitlines()) == 1
    assert len(list(Clip(tmp_path / "a.webm").frames())) == 21


def test_a_hand_seen_in_two_frames_only_is_not_taken_for_one(clip_path, tmp_path, make_predictor):
    source = moving_boxes(tmp_path / "boxes.csv", 2)
    predict_video(make_predictor(), clip_path, tmp_path / "a", settings=SMALL, source=source)
    assert table(tmp_path / "a")["frame"] == []


def test_odd_sizes_rotated_and_cut_short(tmp_path, make_predictor):
    predictor = make_predictor(detected((20, 10, 60, 50), "left"))
    odd = write_webm(tmp_path / "odd.webm", numbered_frames(5, width=95, height=63))
    turned = turn_mp4(write_mp4(tmp_path / "turned.mp4", numbered_frames(5)))
    cut = write_webm(tmp_path / "cut.webm", numbered_frames(60))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    for path, count in ((odd, 5), (turned, 5), (cut, None)):
        source = DetectedHands(predictor.detector)
        result = predict_video(
            predictor, path, tmp_path / "out" / path.stem, settings=SMALL, source=source
        )
        rows = table(tmp_path / "out" / path.stem)
        assert rows["frame"] == list(range(count or result.frames))
        assert bool(result.warnings) == (path is cut)
    assert 20 < result.frames < 40
    assert "60 frames could be decoded" in result.warnings[0]


def test_reference_smoothing_shows_a_touch_late_as_the_released_demo_does(
    tmp_path, make_predictor, monkeypatch
):
    path = write_webm(tmp_path / "clip.webm", numbered_frames(16))
    predictor = make_predictor(detected((20, 10, 60, 50), "right"))

    def probabilities(self, logits):
        count = len(logits.vertices)
        start, probabilities.done = probabilities.done, probabilities.done + count
        touching = torch.arange(start, start + count) >= 6
        return touching[:, None].float().repeat(1, 778), touching.float()

    probabilities.done = 0
    monkeypatch.setattr(type(predictor.meta), "probabilities", probabilities)
    settings = VideoSettings(batch=4, smoothing="reference")
    predict_video(
        predictor, path, tmp_path / "a", settings=settings, source=DetectedHands(predictor.detector)
    )
    touch = np.array(table(tmp_path / "a")["touch"])
    assert (touch[:9] <= 0.5).all()
    assert (touch[9:] > 0.5).all(), "four frames are needed, so frame 9 is the first"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("frame,x1,y1\n", "no column x2, y2, side"),
        ("frame,x1,y1,x2,y2,side\n0,1,2,3,4,up\n", "line 2: side 'up' is unknown"),
        ("frame,x1,y1,x2,y2,side\n0,1,2,b,4,left\n", "line 2: could not convert"),
    ],
)
def test_a_file_of_boxes_that_is_wrong_is_refused(tmp_path, text, words):
    path = tmp_path / "boxes.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        BoxFile(path)
