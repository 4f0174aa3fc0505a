"""InterHand2.6M: millimetres, the mean hand, the left shape basis, and hands that are missing."""

import json

import numpy as np
import pytest
from data_writers.compare import check_samples, check_scenes, of
from data_writers.interhand26m import FRAMES, write_interhand26m
from data_writers.mano import mano_folder

from haco.data.index import open_dataset
from haco.data.posed_hands import ManoHands
from haco.files import InputError


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    root = tmp_path_factory.mktemp("interhand26m")
    return root, write_interhand26m(root)


def open_mini(root, split="test", **options):
    options = {"every": 1, "mano_dir": mano_folder()} | options
    return open_dataset("interhand26m", root, split=split, **options)


def test_both_hands_are_where_the_fits_are(mini):
    # Annotations of frames whose left hand is null, missing or unseen are left out.
    root, truth = mini
    reader = open_mini(root)
    check_samples(reader, of(truth, "interhand26m/test/"), within=2e-5)
    check_scenes(reader, truth, within=2e-5)


def test_keypoints_lie_in_the_box(mini):
    sample = open_mini(mini[0])[0]
    inside = (sample.keypoints >= sample.box[:2] - 1) & (sample.keypoints <= sample.box[2:])
    assert inside.all()


@pytest.mark.parametrize(
    ("side", "changes"),
    [
        ("right", {"fingers": "absolute"}),
        ("right", {"fingers": "components"}),
        ("left", {"fix_left_shape": False}),
    ],
)
def test_another_convention_would_be_seen(mini, monkeypatch, side, changes):
    root, truth = mini
    wrong = ManoHands(
        **({"fingers": "about_mean", "fix_left_shape": True, "mano_dir": mano_folder()} | changes)
    )
    reader = open_mini(root)
    reader.mano = wrong
    index = 0 if reader[0].side == side else 1
    known = truth[reader[index].key].vertices
    off = np.linalg.norm(reader[index].vertices - known, axis=1)
    # Ten times what the samples may be off; a wrong pose is wrong by centimetres.
    assert off.max() > (0.02 if side == "right" else 0.001)


def test_every_keeps_whole_pictures(mini):
    keys = {key.rpartition("/")[0] for key in (s.key for s in open_mini(mini[0], every=2))}
    assert len(keys) == 2


def test_missing_mano_is_one_clear_line(mini, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"MANO_RIGHT.pkl: no such file; register"):
        open_mini(mini[0], mano_dir=tmp_path)
    monkeypatch.delenv("HACO_MANO_DIR", raising=False)
    with pytest.raises(InputError, match="HACO_MANO_DIR"):
        open_mini(mini[0], mano_dir=None)


def test_bad_annotations_are_named(tmp_path):
    write_interhand26m(tmp_path)
    folder = tmp_path / "annotations" / "val"
    path = folder / "InterHand2.6M_val_MANO_NeuralAnnot.json"
    fits = json.loads(path.read_text())
    fits["1"][str(FRAMES[0])]["right"]["pose"][7] = float("nan")
    del fits["1"][str(FRAMES[1])]["right"]["shape"]
    path.write_text(json.dumps(fits))
    reader = open_mini(tmp_path, "val")
    complaints = []
    for index in range(len(reader)):
        try:
            reader[index]
        except InputError as error:
            complaints.append(str(error))
    assert len(complaints) == 4  # two frames, two cameras, the right hand
    assert all("NeuralAnnot.json" in line for line in complaints)
    assert {"NaN" in line for line in complaints} == {True, False}
    camera = folder / "InterHand2.6M_val_camera.json"
    stored = json.loads(camera.read_text())
    del stored["1"]["campos"]
    camera.write_text(json.dumps(stored))
    with pytest.raises(InputError, match=r"val_camera.json: has no 'campos'"):
        open_mini(tmp_path, "val")[0]
    (folder / "InterHand2.6M_val_data.json").write_text('{"images": [')
    with pytest.raises(InputError, match=r"val_data.json"):
        open_mini(tmp_path, "val")
