import json

import numpy as np
import pytest
import trimesh
from PIL import Image

from apps.hands import detected
from haco.apps.report import write_report
from haco.apps.result import HandContact
from haco.files import InputError


@pytest.fixture
def report(make_predictor, rng, tmp_path):
    """Write a report of a random picture with these hands, and give the folder and the hands."""

    def write(*hands):
        image = rng.integers(0, 255, (90, 120, 3), np.uint8)
        predictor = make_predictor(*hands)
        found = predictor(image)
        write_report(
            tmp_path / "out",
            "photo",
            source=tmp_path / "photo.jpg",
            image=image,
            hands=found,
            surface=predictor.hands["right"],
            threshold=0.5,
            weights="tiny",
        )
        return tmp_path / "out", found

    return write


def test_every_file_of_a_report_agrees_with_the_prediction(report):
    out, hands = report(detected((10, 10, 60, 60), "right"), detected((60, 20, 110, 70), "left"))
    names = {path.name for path in out.iterdir()}
    assert names == {"photo.json", "photo.png", "photo.npz", "photo_0.ply", "photo_1.ply"}
    record = json.loads((out / "photo.json").read_text())
    with np.load(out / "photo.npz") as file:
        arrays = dict(file)
    assert (record["width"], record["height"]) == (120, 90)
    assert [hand["side"] for hand in record["hands"]] == ["right", "left"]
    assert record["hands"][1]["box"] == [60, 20, 110, 70]
    for index, hand in enumerate(hands):
        np.testing.assert_array_equal(arrays["probability"][index], hand.probability)
        np.testing.assert_array_equal(arrays["contact"][index], hand.contact)
        assert record["hands"][index]["touch"] == pytest.approx(hand.touch, abs=1e-4)
        assert record["hands"][index]["parts"].keys() == hand.parts.keys()
        mesh = trimesh.load(out / f"photo_{index}.ply", process=False)
        np.testing.assert_allclose(mesh.vertices, hand.vertices, atol=1e-6)
        assert len(mesh.faces) == 1538
    with Image.open(out / "photo.png") as picture:
        assert picture.width > 120


def test_a_picture_without_hands_has_a_report_with_an_empty_list(report):
    out, _ = report()
    assert {path.name for path in out.iterdir()} == {"photo.json", "photo.png", "photo.npz"}
    assert json.loads((out / "photo.json").read_text())["hands"] == []
    with np.load(out / "photo.npz") as arrays:
        assert arrays["probability"].shape == (0, 778)


def test_when_one_file_fails_none_is_left(report, monkeypatch, tmp_path):
    def full_disk(self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(HandContact, "to_ply", full_disk)
    with pytest.raises(InputError, match="No space left"):
        report(detected((10, 10, 60, 60), "right"))
    assert not list((tmp_path / "out").iterdir())


def test_ply_carries_the_probability_of_each_vertex(make_predictor, rng, tmp_path):
    image = rng.integers(0, 255, (90, 120, 3), np.uint8)
    hand = make_predictor()(image, box=(10, 10, 60, 60), side="right")
    hand.save_ply(tmp_path / "hand.ply")
    mesh = trimesh.load(tmp_path / "hand.ply", process=False)
    stored = mesh.metadata["_ply_raw"]["vertex"]["data"]["probability"].reshape(-1)
    np.testing.assert_allclose(stored, hand.probability, atol=1e-6)
