"""The data card of a pack, and the numbers by which a picture set is steered."""

import json

import numpy as np
import pytest
from PIL import Image

import haco.apps.data_card as data_card
from haco.apps.data_card import write_data_card
from haco.apps.synth_statistics import collect, statistics_of_pack, statistics_of_set, to_rows
from haco.cli import main
from haco.data.packing import pack_synthetic
from haco.data.store import PackedReader
from haco.files import InputError
from haco.synth.engine import find_picture_set, make_sample
from haco.synth.picture_sets import PICTURE_SETS
from haco.synth.poses.grasps import UNTOUCHED
from haco.synth.variants import parse_shares, vary

NUM = 12


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A small pack with its card, made in this process."""
    folder = tmp_path_factory.mktemp("card") / "easy-train"
    varied = vary("easy", no_contact=0.4)
    pack_synthetic(folder, varied, 3, NUM, 64, workers=1)
    write_data_card(folder, varied, judged=0)
    return folder, varied


def test_counts_by_hand_give_the_shares_and_the_ratio():
    power = np.zeros((2, 10), bool)
    power[0, :4] = True
    near = np.zeros((2, 10), bool)
    statistics = collect([("near", near[:1]), ("power", power), ("near", near[1:])])
    said = statistics.to_json()
    assert list(said["kinds"]) == ["power", "near"]
    assert said["kinds"]["power"] == {"share": 0.5, "positive share": 0.2, "no-contact share": 0.5}
    assert said["non-contact to contact"] == 9.0
    assert said["no-contact share"] == 0.75
    assert said["frequency range"] == [0.0, 0.0, 0.0, 0.25, 0.25]
    assert to_rows(statistics)[-1] == ("all", "100.0%", "10.0%", "75%")


def test_a_card_says_what_is_in_the_pack(pack):
    folder, varied = pack
    page = (folder / "README.md").read_text("utf-8")
    reader = PackedReader(folder)
    distance = np.stack([reader[index].distance for index in range(len(reader))])
    contact = distance < 0.010
    assert f"**{(~contact).sum() / contact.sum():.1f} vertices" in page
    assert f"**{(~contact.any(axis=1)).mean():.0%} of the hands touch nothing**" in page
    assert json.loads((folder / "card.json").read_text())["sha256"] in page
    assert "CC0" in page
    assert f"`{varied.name}`, seed 3" in page
    with Image.open(folder / "frequency.png") as picture:
        assert picture.width > 400
    known = json.loads((folder / "statistics.json").read_text())
    np.testing.assert_allclose(known["frequency"], contact.mean(axis=0), atol=1e-5)


def test_the_command_on_the_card_makes_the_same_pack(pack, tmp_path, monkeypatch):
    folder, _ = pack
    page = (folder / "README.md").read_text("utf-8")
    words = page.partition("$ haco ")[2].partition("\n")[0].split()
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--workers", "1", "--judge", "0"]) == 0
    again = tmp_path / folder.name
    cards = [json.loads((one / "card.json").read_text()) for one in (folder, again)]
    assert cards[0] == cards[1]
    assert (again / "README.md").read_text("utf-8") == page


def test_statistics_without_pictures_are_those_of_the_pack(pack):
    folder, varied = pack
    of_pack, of_set = statistics_of_pack(folder), statistics_of_set(varied, 3, NUM)
    assert to_rows(of_pack) == to_rows(of_set)


def test_a_finished_pack_gets_its_card_back_and_is_judged_once(pack, monkeypatch):
    folder, varied = pack
    page = (folder / "README.md").read_text("utf-8")
    (folder / "README.md").unlink()
    asked = []

    def judged(picture_set, seed, num, *, progress):
        asked.append((picture_set.name, seed, num))
        return []

    monkeypatch.setattr(data_card, "judge", judged)
    monkeypatch.setattr(data_card.importlib.util, "find_spec", lambda _: object())
    for _ in range(2):
        write_data_card(folder, varied, judged=5)
    assert asked == [(varied.name, 3, 5)]
    assert "first 5 samples" in (folder / "README.md").read_text("utf-8")
    write_data_card(folder, varied, judged=0)
    assert (folder / "README.md").read_text("utf-8") == page


def test_truths_in_batches_are_the_truth(pack):
    from haco.geometry.contact import PROTOCOLS

    reader = PackedReader(pack[0])
    whole = reader.truth(PROTOCOLS["harmonised"])
    seen = []
    for rows, kind, truth in reader.truths(PROTOCOLS["harmonised"]):
        np.testing.assert_array_equal(truth.contact, whole.contact[rows])
        assert {reader[int(row)].interaction for row in rows} == {kind}
        seen += rows.tolist()
    assert sorted(seen) == list(range(NUM))


def test_shares_are_what_was_asked_for_and_the_rest_keeps_its_proportions():
    old = PICTURE_SETS["full"].shares
    varied = vary("full", shares={"power": 0.5, "tool": 0.1})
    assert varied.shares["power"] == pytest.approx(0.5)
    assert varied.shares["tool"] == pytest.approx(0.1)
    assert sum(varied.shares.values()) == pytest.approx(1.0)
    assert varied.shares["pinch"] / varied.shares["near"] == pytest.approx(
        old["pinch"] / old["near"], rel=0.01
    )
    fewer = vary("complete", no_contact=0.1).shares
    assert sum(fewer[kind] for kind in UNTOUCHED) == pytest.approx(0.1)
    assert sum(fewer.values()) == pytest.approx(1.0)


def test_a_changed_set_has_keys_of_its_own_and_an_unchanged_one_does_not():
    assert vary("full") is find_picture_set("full")
    varied = vary("easy", shares={"free": 1.0})
    assert vary("easy", shares={"free": 1.0}).name == varied.name
    assert vary("easy", shares={"near": 1.0}).name != varied.name
    sample = make_sample(varied, 0, 0, size=32)
    assert sample.key == f"synthetic/{varied.name}/0/0"
    assert sample.interaction == "free"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"shares": {"powr": 0.1}}, "no interaction is called 'powr'; choose of power"),
        ({"shares": {"power": 1.2}}, "must lie between 0 and 1"),
        ({"shares": {"power": 0.7, "pinch": 0.7}}, "make 1.4 together"),
        ({"no_contact": 1.5}, r"must lie in 0\.\.1"),
        ({"shares": {"power": 1.0}, "no_contact": 0.5}, "no kind .* touches nothing"),
    ],
)
def test_shares_that_cannot_be_had_are_refused(change, complaint):
    with pytest.raises(InputError, match=complaint):
        vary("full", **change)


def test_a_share_without_a_number_is_refused():
    assert parse_shares(("power=0.3", "near=1e-1")) == {"power": 0.3, "near": 0.1}
    with pytest.raises(InputError, match="'power' is no share; write for example power=0"):
        parse_shares(("power",))
