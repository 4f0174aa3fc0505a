import numpy as np
import pytest
from PIL import Image

from apps.hands import detected
from haco.apps.predict import find_pictures, predict_pictures, report_stems
from haco.files import InputError


@pytest.fixture
def folder(tmp_path, rng):
    """Good pictures among bad ones."""
    for name in ("b.png", "a.jpg", "deep/c.webp"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (90, 120, 3), np.uint8)).save(path)
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    (tmp_path / "in" / "zero.jpg").touch()
    (tmp_path / "in" / "text.jpg").write_text("not a picture")
    return tmp_path / "in"


def test_a_folder_gives_its_pictures_in_order(folder):
    pictures, failed = find_pictures([str(folder)])
    assert [path.name for path in pictures] == ["a.jpg", "b.png", "text.jpg", "zero.jpg"]
    assert failed == []


def test_globs_and_files_join_and_each_picture_comes_once(folder):
    pictures, _ = find_pictures(
        [str(folder / "a.jpg"), str(folder / "*.jpg"), str(folder / "**/c.*")]
    )
    assert [path.name for path in pictures] == ["a.jpg", "text.jpg", "zero.jpg", "c.webp"]


@pytest.mark.parametrize(
    ("path", "says"), [("nothing/*.jpg", "matches no file"), ("empty", "no jpg, png or webp")]
)
def test_paths_that_give_nothing_are_named(tmp_path, monkeypatch, path, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    pictures, failed = find_pictures([path])
    assert pictures == []
    assert says in failed[0].error
    assert path in failed[0].error


def test_an_unreadable_folder_is_named(folder, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    _, failed = find_pictures([str(folder)])
    assert "permissions" in failed[0].error


def test_bad_pictures_do_not_stop_the_good_ones(folder, tmp_path, make_predictor):
    predictor = make_predictor(detected((10, 10, 60, 60), "left"))
    paths = [str(folder), str(tmp_path / "missing.jpg")]
    seen = []
    outcomes = predict_pictures(predictor, paths, tmp_path / "out", on_done=seen.append)
    errors = {outcome.path.name: outcome.error for outcome in outcomes}
    assert errors["a.jpg"] is None
    assert errors["b.png"] is None
    assert "is empty" in errors["zero.jpg"]
    assert "not a picture" in errors["text.jpg"]
    assert "no such file" in errors["missing.jpg"]
    assert len(seen) == 5
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {f"{s}{e}" for s in "ab" for e in (".json", ".png", ".npz", "_0.ply")}


def test_a_box_outside_one_picture_names_that_picture(folder, tmp_path, make_predictor):
    picture = folder / "a.jpg"
    box = (500.0, 10.0, 600.0, 90.0)
    [outcome] = predict_pictures(
        make_predictor(), [str(picture)], tmp_path / "out", box=box, side="left"
    )
    assert str(picture) in outcome.error
    assert "outside" in outcome.error
    assert not (tmp_path / "out").exists()


def test_equal_stems_are_told_apart_by_their_folders(tmp_path):
    paths = [tmp_path / "x" / "a.jpg", tmp_path / "y" / "a.jpg", tmp_path / "y" / "b.jpg"]
    assert report_stems(paths) == ["x-a.jpg", "y-a.jpg", "b"]


def test_names_that_cannot_be_told_apart_are_refused(tmp_path):
    paths = [tmp_path / "1" / "x" / "a.jpg", tmp_path / "2" / "x" / "a.jpg"]
    with pytest.raises(InputError, match="x-a"):
        report_stems(paths)
