"""Bad data in every set: one line that names the file, never a sample, never another exception."""

import numpy as np
import pytest
from data.readers.checks import assert_reads
from data_writers import (
    arctic,
    contactpose,
    dexycb,
    h2o,
    h2o3d,
    ho3d,
    hoi4d,
    mow,
    obman,
)
from data_writers.mano import mano_folder

from haco.data.index import open_dataset
from haco.data.mesh_files import load_mesh
from haco.data.posed_hands import ManoHands
from haco.files import InputError

SETS = {
    "arctic": arctic,
    "contactpose": contactpose,
    "dexycb": dexycb,
    "h2o": h2o,
    "h2o3d": h2o3d,
    "ho3d": ho3d,
    "hoi4d": hoi4d,
    "mow": mow,
    "obman": obman,
}
WITHOUT_MANO = ("obman",)
HANDS_BY_FILES = ("hoi4d",)
"""Where a hand is there if its annotation is: a file that is gone is a hand that was not seen."""
EMPTY = {
    ".obj": "v 0 0 0\n",
    ".ply": "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
    "property float z\nend_header\n0 0 0\n",
}
MANO_SETS = [name for name in SETS if name not in WITHOUT_MANO]


def opened(name, root, **options):
    if name not in WITHOUT_MANO:
        options["mano_dir"] = mano_folder()
    return open_dataset(name, root, **options)


@pytest.mark.parametrize("name", SETS)
def test_what_is_damaged_or_missing_is_named(name, tmp_path):
    mini = SETS[name].write(tmp_path)
    for path in (mini.picture, mini.annotation):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 3])
        with pytest.raises(InputError, match=path.name):
            opened(name, tmp_path)[0]
        path.unlink()
        if path == mini.annotation and name in HANDS_BY_FILES:
            assert opened(name, tmp_path)[0].key == mini.truths[1].key
        else:
            with pytest.raises(InputError, match=f"{path.name}.*no such file"):
                opened(name, tmp_path)[0]
        path.write_bytes(content)
    mini.mesh.write_text(EMPTY[mini.mesh.suffix])
    load_mesh.cache_clear()
    with pytest.raises(InputError, match=f"{mini.mesh.name}: is an empty mesh"):
        opened(name, tmp_path).scene(0)
    mini.mesh.unlink()
    load_mesh.cache_clear()
    with pytest.raises(InputError, match=f"{mini.mesh.name}.*: no such file"):
        opened(name, tmp_path).scene(0)


@pytest.mark.parametrize("name", SETS)
def test_a_pose_with_nan_is_refused(name, tmp_path):
    mini = SETS[name].write(tmp_path, poison=np.nan)
    reader = opened(name, tmp_path)
    for read in (reader.__getitem__, reader.scene):
        with pytest.raises(InputError, match=rf"{mini.annotation.name}.*NaN"):
            read(0)
    reader[len(reader) - 1]


@pytest.mark.parametrize("name", SETS)
def test_a_missing_root_is_said(name, tmp_path):
    with pytest.raises(InputError, match="say in which folder the set lies"):
        open_dataset(name, tmp_path / "nowhere")


@pytest.mark.parametrize("name", MANO_SETS)
def test_missing_mano_files_are_said(name, tmp_path, monkeypatch):
    SETS[name].write(tmp_path)
    monkeypatch.delenv("HACO_MANO_DIR", raising=False)
    with pytest.raises(InputError, match=r"MANO: its folder is not known.*HACO_MANO_DIR"):
        open_dataset(name, tmp_path)


@pytest.mark.parametrize("wrong", ["fingers", "betas", "left"])
@pytest.mark.parametrize("name", MANO_SETS)
def test_a_wrong_convention_is_caught(name, wrong, tmp_path, monkeypatch):
    """Fingers under another word, betas forgotten or made up, the left shape mended or not."""
    mini = SETS[name].write(tmp_path)
    reader = opened(name, tmp_path)
    pose, is_left = ManoHands.pose, [truth.side == "left" for truth in mini.truths]
    if wrong == "left" and not any(is_left):
        pytest.skip("a set of right hands")

    def wrong_pose(self, side, numbers, *, betas, transl, path):
        fingers, fix = self.fingers, self.fix_left_shape
        if wrong == "fingers":
            fingers = "absolute" if self.fingers == "about_mean" else "about_mean"
            numbers = np.concatenate([numbers[:3], np.resize(numbers[3:], 45)])
        hands = ManoHands(
            fingers=fingers,
            fix_left_shape=fix if wrong != "left" else not fix,
            mano_dir=self.mano_dir,
        )
        betas = np.float64(~betas.astype(bool)) if wrong == "betas" else betas
        return pose(hands, side, numbers, betas=betas, transl=transl, path=path)

    monkeypatch.setattr(ManoHands, "pose", wrong_pose)
    with pytest.raises((AssertionError, InputError)):
        assert_reads(reader, mini)
    index = is_left.index(True) if wrong == "left" else 0
    try:
        moved = reader[index].vertices - mini.truths[index].vertices
    except InputError as error:
        assert "mm from its joints" in str(error)  # noqa: PT017
    else:
        assert np.linalg.norm(moved, axis=1).max() > 0.01
