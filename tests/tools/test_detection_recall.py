import importlib.util
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from apps.hands import FixedDetector, detected
from haco.files import InputError

TOOL = Path(__file__).parents[2] / "tools" / "detection_recall.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("detection_recall", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["detection_recall"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["detection_recall"]


def write_labels(folder: Path, hands: list[tuple[list[int], str]]) -> None:
    cv2.imwrite(str(folder / "one.png"), np.full((100, 200, 3), 128, np.uint8))
    labels = [{"bbox_xyxy": box, "side": side} for box, side in hands]
    text = json.dumps({"images": [{"image": "one.png", "hands": labels}]})
    (folder / "hand_labels_by_eye.json").write_text(text)


def box(*corners: float) -> np.ndarray:
    return np.array(corners, np.float32)


def test_each_label_and_each_find_is_used_once(tool):
    labelled = [box(0, 0, 10, 10), box(2, 0, 12, 10)]
    assert tool.match_boxes(labelled, [box(1, 0, 11, 10)]) in ([(0, 0)], [(1, 0)])
    assert tool.match_boxes(labelled[:1], [box(0, 0, 10, 10), box(1, 0, 11, 10)]) == [(0, 0)]


def test_boxes_match_from_three_tenths_of_their_joint_area(tool):
    assert tool.match_boxes([box(0, 0, 10, 10)], [box(0, 0, 10, 3.1)]) == [(0, 0)]
    assert tool.match_boxes([box(0, 0, 10, 10)], [box(0, 0, 10, 2.9)]) == []


def test_found_hands_sides_and_extra_finds_are_counted(tool, tmp_path):
    sure = [([0, 0, 50, 50], "left"), ([60, 0, 90, 50], "right")]
    write_labels(tmp_path, [*sure, ([100, 0, 150, 50], "unsure"), ([160, 60, 190, 90], "left")])
    detector = FixedDetector(
        [
            detected((0, 0, 50, 50), "left"),
            detected((60, 0, 90, 50), "left"),
            detected((100, 0, 150, 50), "right"),
            detected((10, 60, 40, 90), "right"),
        ]
    )
    (row,) = tool.measure(detector, tmp_path)
    assert (row.labelled, row.found, row.extra) == (4, 3, 1)
    assert (row.sided, row.sides_right) == (2, 1)


def test_only_the_part_of_a_find_in_the_picture_counts(tool, tmp_path):
    write_labels(tmp_path, [([0, 0, 50, 50], "left")])
    (row,) = tool.measure(FixedDetector([detected((0, -400, 50, 50), "left")]), tmp_path)
    assert row.found == 1


def test_a_folder_without_labels_is_refused(tool, tmp_path):
    with pytest.raises(InputError, match="pass --real FOLDER"):
        tool.measure(FixedDetector([]), tmp_path)


@pytest.mark.slow
def test_most_labelled_hands_of_real_photos_are_found_with_their_sides(tool, real_dir):
    pytest.importorskip("mediapipe")
    rows = tool.measure(tool.MediapipeDetector(), real_dir)
    everything = tool.total(rows)
    assert everything.labelled == 18
    assert everything.found >= 0.8 * everything.labelled
    assert everything.sides_right == everything.sided > 0
    (empty,) = (row for row in rows if row.picture.endswith("groceries.jpg"))
    assert (empty.labelled, empty.extra) == (0, 0)
