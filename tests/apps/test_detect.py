import json
import os
import subprocess
import sys

import numpy as np
import pytest

from apps.fake_networks import FakeNetworks, SeenHand, coordinate_picture, open_hand
from haco.apps import hand_networks
from haco.apps.detect import HandDetector, MediapipeDetector, clip_box
from haco.apps.given import GivenHands
from haco.apps.hand_search import outline_box
from haco.files import InputError, read_image
from haco.geometry.boxes import iou, mirror_box

RIGHT_HAND = SeenHand(open_hand((70, 110), 60, 0.3, "right"), "right")
LEFT_HAND = SeenHand(open_hand((180, 90), 70, 2.6, "left"), "left")


@pytest.fixture(scope="module")
def detector() -> MediapipeDetector:
    pytest.importorskip("mediapipe")
    return MediapipeDetector()


def test_a_detected_hand_has_its_outline_box_its_side_and_its_joints():
    (hand,) = MediapipeDetector(networks=FakeNetworks([LEFT_HAND]))(coordinate_picture())
    assert hand.side == "left"
    assert hand.score == pytest.approx(0.99)
    assert hand.keypoints is not None
    np.testing.assert_allclose(hand.keypoints, LEFT_HAND.keypoints, atol=0.5)
    np.testing.assert_allclose(hand.box, outline_box(LEFT_HAND.keypoints), atol=1)


def test_the_surest_hand_comes_first():
    unsure = SeenHand(LEFT_HAND.keypoints, "left", presence=0.85, presence_mirrored=0.85)
    hands = MediapipeDetector(networks=FakeNetworks([unsure, RIGHT_HAND]))(coordinate_picture())
    assert [hand.side for hand in hands] == ["right", "left"]


def test_a_picture_without_hands_gives_an_empty_list():
    assert MediapipeDetector(networks=FakeNetworks([]))(coordinate_picture()) == []


def test_the_detector_is_a_hand_detector():
    assert isinstance(MediapipeDetector(), HandDetector)


def test_without_mediapipe_the_first_call_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions.hands", None)
    detector = MediapipeDetector()
    with pytest.raises(InputError, match=r"pip install 'haco\[detect\]'.*--box"):
        detector(np.zeros((4, 4, 3), np.uint8))


def test_remarks_of_native_libraries_are_hidden_and_stderr_comes_back(capfd):
    with hand_networks._quiet_stderr():
        os.write(2, b"remark")
    os.write(2, b"error")
    assert capfd.readouterr().err == "error"


def test_when_loading_fails_the_hidden_remarks_are_shown(capfd):
    def load() -> None:
        with hand_networks._quiet_stderr():
            os.write(2, b"the reason")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        load()
    assert capfd.readouterr().err == "the reason"


def test_a_clipped_box_stays_in_the_image():
    box = clip_box(np.array([-5, 10, 70, 90], np.float32), height=50, width=60)
    np.testing.assert_array_equal(box, [0, 10, 60, 50])


@pytest.mark.slow
def test_finding_hands_writes_nothing_and_warns_of_nothing():
    pytest.importorskip("mediapipe")
    code = (
        "import numpy as np; from haco.apps.detect import MediapipeDetector; "
        "print(MediapipeDetector()(np.zeros((64, 64, 3), np.uint8)))"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "photo", ["photos_sam2/04_coffee_f000.jpg", "photos_mediapipe/hand_thumb_up.jpg"]
)
def test_a_mirrored_photo_has_the_mirrored_hands_of_the_other_side(detector, real_dir, photo):
    image = read_image(real_dir / photo)
    hands = sorted(detector(image), key=lambda hand: hand.box[0])
    mirrored = detector(np.ascontiguousarray(image[:, ::-1]))
    mirrored = sorted(mirrored, key=lambda hand: -hand.box[0])
    assert len(hands) == len(mirrored) > 0
    for hand, other in zip(hands, mirrored, strict=True):
        assert {hand.side, other.side} == {"left", "right"}
        assert iou(mirror_box(hand.box, image.shape[1])[None], other.box[None])[0] > 0.8


@pytest.mark.slow
def test_joints_lie_where_the_makers_of_the_model_expect_them(detector, real_dir):
    image = read_image(real_dir / "photos_tfjs" / "hands.jpg")
    expected = json.loads((real_dir / "photos_tfjs" / "hands_expected_keypoints.json").read_text())
    truth = sorted(np.array(expected["hands"], float), key=lambda points: points[:, 0].min())
    hands = sorted(detector(image), key=lambda hand: hand.box[0])
    assert len(hands) == len(truth) == 2
    for hand, points in zip(hands, truth, strict=True):
        assert hand.keypoints is not None
        assert np.abs(hand.keypoints - points).max() < expected["tolerance_px"]


@pytest.mark.slow
def test_a_box_alone_is_enough_to_see_the_side(detector, real_dir):
    image = read_image(real_dir / "photos_sam2" / "04_coffee_f026.jpg")
    given = GivenHands(
        boxes=[(246, 91, 470, 257), (918, 348, 1037, 492)], sides=[None, None], detector=detector
    )
    assert [hand.side for hand in given(image)] == ["right", "left"]
