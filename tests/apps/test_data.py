"""The commands of `haco data` on mini datasets: what they write, say and leave with."""

import json

import numpy as np
import pytest
from data_writers.hic import write_hic
from data_writers.mano import mano_folder
from PIL import Image

from haco.cli import main
from haco.data.index import READERS, open_dataset
from haco.geometry.camera import project


@pytest.fixture(scope="module")
def hic(tmp_path_factory):
    root = tmp_path_factory.mktemp("hic")
    return root, write_hic(root)


def run(capsys, *words: object) -> tuple[int, str]:
    status = main(["data", *map(str, words)])
    return status, " ".join(capsys.readouterr().out.split())


def label(capsys, root, out, *words):
    return run(capsys, "label", "hic", "--root", root, "--out", out, "--workers", 1, *words)


def test_label_computes_what_opens_with_the_dataset(hic, tmp_path, capsys):
    root, truth = hic
    status, printed = label(capsys, root, tmp_path, "--split", "test")
    assert status == 0
    labelled = open_dataset("hic", root, split="test", labels=tmp_path)
    assert len(labelled) > 1
    assert f"samples labelled without geometry left out {len(labelled)} {len(labelled)} 0 0" in (
        printed
    )
    for index in range(len(labelled)):
        sample = labelled[index]
        assert abs(sample.distance - truth[sample.key].distance).max() < 1e-6


def test_label_run_again_changes_nothing_and_says_the_same(hic, tmp_path, capsys):
    first = label(capsys, hic[0], tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert label(capsys, hic[0], tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_label_names_and_counts_what_it_leaves_out(tmp_path, capsys):
    write_hic(tmp_path / "hic")
    pictures = sorted((tmp_path / "hic").glob("07/1/rgb/*.png"))
    pictures[0].write_bytes(pictures[0].read_bytes()[:200])
    status, printed = label(capsys, tmp_path / "hic", tmp_path / "out", "--split", "test")
    assert len(pictures) > 1
    assert status == 0
    assert "2 samples are left out" in printed
    assert f"{pictures[0]}: the picture is damaged" in printed
    lines = (tmp_path / "out" / "hic-test" / "faults.jsonl").read_text().splitlines()
    assert len(lines) == 2, "both hands of the picture"
    assert "damaged" in json.loads(lines[0])["why"]


def test_label_of_nothing_but_faults_leaves_with_1(tmp_path, capsys):
    write_hic(tmp_path / "hic")
    for picture in (tmp_path / "hic").glob("07/1/rgb/*.png"):
        picture.unlink()
    status, _ = label(capsys, tmp_path / "hic", tmp_path / "out", "--split", "test")
    assert status == 1


def test_label_that_may_not_skip_stops_at_the_first_fault(tmp_path, capsys):
    write_hic(tmp_path / "hic")
    for picture in (tmp_path / "hic").glob("07/1/rgb/*.png"):
        picture.unlink()
    words = ["label", "hic", "--root", tmp_path / "hic", "--split", "test", "--workers", "1"]
    status = main(["data", *map(str, words), "--out", str(tmp_path), "--on-fault", "refuse"])
    assert status == 1
    assert "haco: sample 0 : " in capsys.readouterr().err


def test_about_lists_every_dataset_and_prints_the_manual_of_one(capsys):
    _, listed = run(capsys, "about")
    assert all(name in listed for name in READERS)
    status, manual = run(capsys, "about", "dexycb/s1")
    assert status == 0
    assert "calibration/intrinsics/836212060125_640x480.yml" in manual
    assert "all_objects" in manual


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "dataset 'nothing' is unknown"),
        (["hic", "--option", "every=5"], "option 'every=5': hic takes released, mano_dir"),
        (["dexycb", "--option", "stride=x"], "option 'stride=x': say a whole number"),
        (["dexycb", "--option", "all_objects=1"], "say true or false"),
        (["folder"], "no root given"),
    ],
)
def test_wrong_choice_is_one_line(words, message, tmp_path, capsys):
    assert main(["data", "label", *words, "--out", str(tmp_path)]) == 1
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


def check(capsys, root, out, *words):
    return run(capsys, "check", "hic", "--root", root, "--out", out, "--seconds", 60, *words)


def test_check_names_what_an_incomplete_download_lacks(hic, tmp_path, capsys):
    status, printed = check(capsys, hic[0], tmp_path)
    assert status == 1
    assert "sequences of two hands 3 7 not as expected" in printed
    assert "missing: 02/1/rgb/*.png" in printed
    assert "missing: 01/1" not in printed


def test_check_of_a_whole_download_is_well_and_draws_it(tmp_path, capsys):
    write_hic(tmp_path / "hic")
    for sequence in ("02", "03", "04", "05"):
        picture = tmp_path / "hic" / sequence / "1" / "rgb" / "001.png"
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"")
    status, printed = check(capsys, tmp_path / "hic", tmp_path / "out", "--split", "test")
    assert (status, "4 of 4 hands read, all can be used" in printed) == (0, True)
    with Image.open(tmp_path / "out" / "hic-test.png") as sheet:
        assert sheet.width > 1000


def test_check_names_damaged_pictures(tmp_path, capsys):
    write_hic(tmp_path / "hic")
    picture = tmp_path / "hic" / "07" / "1" / "rgb" / "001.png"
    picture.write_bytes(picture.read_bytes()[:100])
    status, printed = check(capsys, tmp_path / "hic", tmp_path / "out", "--split", "test")
    assert status == 1
    assert f"{picture}: the picture is damaged" in printed
    faults = (tmp_path / "out" / "hic-test-faults.jsonl").read_text().splitlines()
    assert len(faults) == 2


def test_check_says_why_a_dataset_cannot_be_opened(hic, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    status, printed = check(capsys, tmp_path / "empty", tmp_path / "out")
    assert status == 1
    assert "missing: HIC.json" in printed
    assert "cannot be opened" in printed


def test_pack_keeps_labels_and_opens_by_name(hic, tmp_path, capsys):
    words = ["--root", hic[0], "--split", "test", "--workers", 1]
    label(capsys, hic[0], tmp_path / "labels", "--split", "test")
    given = ["--labels", tmp_path / "labels", "--out", tmp_path / "packs"]
    status, printed = run(capsys, "pack", "hic", *words, *given)
    assert status == 0
    assert "open it as packed/hic" in printed
    packed = open_dataset("packed/hic", tmp_path / "packs", split="test")
    labelled = open_dataset("hic", hic[0], split="test", labels=tmp_path / "labels")
    assert len(packed) == len(labelled)
    for index in range(len(packed)):
        sample, again = labelled[index], packed[index]
        assert again.key == sample.key
        np.testing.assert_allclose(again.distance, sample.distance, rtol=1e-3)
        pixels, moved = (project(sample.vertices, each.K) for each in (sample, again))
        start = (again.box[:2] - sample.box[:2]).astype(np.float64)
        np.testing.assert_allclose(moved, pixels + start, atol=1e-2)


def test_pack_without_labels_says_what_is_missing(hic, tmp_path, capsys):
    words = ["pack", "hic", "--root", str(hic[0]), "--workers", "1", "--out", str(tmp_path)]
    assert main(["data", *words]) == 1
    assert "label the dataset first (haco data label)" in capsys.readouterr().err


def test_audit_writes_report_numbers_and_pictures(hic, tmp_path, capsys, monkeypatch):
    root, truth = hic
    monkeypatch.setenv("HACO_MANO_DIR", str(mano_folder()))
    words = ["--roots", root.parent, "--split", "test", "--out", tmp_path]
    (root.parent / "hic").unlink(missing_ok=True)
    (root.parent / "hic").symlink_to(root)
    status, printed = run(capsys, "audit", "hic", *words)
    assert status == 0
    hands = [each for key, each in truth.items() if key.startswith("hic/07")]
    near = np.stack([np.abs(each.distance) < 0.005 for each in hands])
    found = json.loads((tmp_path / "audit.json").read_text())["sets"]["hic"]["labels"]
    assert found["paper"]["contact share"] == pytest.approx(near.mean(), abs=1e-3)
    assert found["paper"]["ratio"] == pytest.approx((~near).sum() / near.sum(), rel=1e-2)
    assert f"{(~near).sum() / near.sum():.1f}" in printed
    assert "| hic | paper " in (tmp_path / "audit.md").read_text()
    with Image.open(tmp_path / "hic.png") as picture:
        assert np.asarray(picture).std() > 10


def test_audit_goes_on_after_a_set_that_is_not_there(tmp_path, capsys):
    words = ["audit", "hic", "synthetic/easy", "--num", "3", "--roots", tmp_path, "--out", tmp_path]
    status, printed = run(capsys, *words)
    assert status == 1
    assert "HIC" in printed
    assert list(json.loads((tmp_path / "audit.json").read_text())["sets"]) == ["synthetic/easy"]
