"""Packed datasets: what goes in comes out, killed runs go on, damage is named."""

import dataclasses
import json
import pickle
import tracemalloc

import datasets
import numpy as np
import pyarrow as pa
import pytest
from toys import ToyReader, damaged_picture

from haco.data import joining, packing
from haco.data.index import open_dataset
from haco.data.labels import truth_of
from haco.data.packing import pack
from haco.data.readers.common import Reader
from haco.data.store import PackedReader
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS

SOURCE: dict[str, object] = {"toy": 0}


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(packing, "SHARD", 3)


def bytes_of(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_packed_samples_are_the_readers_samples(tmp_path, small_shards):
    reader = ToyReader(8)
    packed = PackedReader(pack(reader, tmp_path / "toy", SOURCE, workers=1))
    assert len(packed) == 8
    for index in range(8):
        sample, again = reader[index], packed[index]
        assert (sample.key, sample.side, sample.interaction) == (
            again.key,
            again.side,
            again.interaction,
        )
        np.testing.assert_array_equal(again.box, sample.box)
        np.testing.assert_array_equal(again.keypoints, sample.keypoints)
        np.testing.assert_allclose(again.distance, sample.distance, rtol=1e-3)
        assert again.contact is None
        # JPEG: colours stay in their channels, and on the whole where they were.
        difference = again.image.astype(int) - sample.image
        assert np.abs(difference.mean(axis=(0, 1))).max() < 3


def test_truth_of_a_pack_is_the_truth_of_its_samples(tmp_path):
    reader = ToyReader(9)
    packed = PackedReader(pack(reader, tmp_path / "toy", SOURCE, workers=1))
    protocol = dataclasses.replace(
        PROTOCOLS["harmonised"], thresholds={"toy/hands": 0.03, "*": 0.01}
    )
    fast = packed.truth(protocol)
    slow = truth_of([packed[index] for index in range(9)], protocol)
    np.testing.assert_array_equal(fast.contact, slow.contact)
    np.testing.assert_array_equal(fast.valid, slow.valid)
    assert fast.contact[1].sum() > fast.contact[0].sum()


def test_sources_with_bits_are_packed_as_bits(tmp_path):
    contact, valid = np.arange(778) < 5, np.arange(778) != 2
    sample = dataclasses.replace(
        ToyReader(1)[0], distance=None, contact=contact, valid=valid, keypoints=None
    )
    packed = PackedReader(pack([sample] * 2, tmp_path / "bits", SOURCE, workers=1))
    assert packed[1].distance is None
    assert packed[1].keypoints is None
    np.testing.assert_array_equal(packed[1].contact, contact)
    truth = packed.truth(PROTOCOLS["harmonised"])
    np.testing.assert_array_equal(truth.contact[0], contact & valid)
    np.testing.assert_array_equal(truth.valid[1], valid)


def test_samples_that_know_different_things_are_packed_together(tmp_path, small_shards):
    bits, valid = np.arange(778) < 5, np.arange(778) != 2
    first = ToyReader(1)[0]
    K = np.array([[300, 0, 20], [0, 310, 25], [0, 0, 1]], np.float32)
    samples = [
        dataclasses.replace(first, K=K),
        dataclasses.replace(first, distance=None, contact=bits, valid=valid, keypoints=None),
        dataclasses.replace(first, contact=bits),
        dataclasses.replace(first, distance=None, contact=bits),
    ]
    packed = PackedReader(pack(samples, tmp_path / "mixed", SOURCE, workers=1))
    for name in ("distance", "contact", "valid", "keypoints", "K"):
        for index, sample in enumerate(samples):
            given = getattr(sample, name)
            again = getattr(packed[index], name)
            assert (given is None) == (again is None), (name, index)
            if given is not None:
                np.testing.assert_allclose(again, given, rtol=1e-3)
    fast = packed.truth(PROTOCOLS["harmonised"])
    slow = truth_of(samples, PROTOCOLS["harmonised"])
    np.testing.assert_array_equal(fast.contact, slow.contact)
    np.testing.assert_array_equal(fast.valid, slow.valid)


def test_samples_that_cannot_be_used_are_named_and_left_out(tmp_path, small_shards):
    class Faulty(ToyReader):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            if index == 1:
                raise InputError("a.jpg: the picture is damaged")
            if index == 2:
                return dataclasses.replace(sample, distance=None)
            if index in (3, 4, 5):  # a whole shard
                return dataclasses.replace(sample, box=sample.box + 1000)
            return sample

    folder = pack(Faulty(7), tmp_path / "toy", SOURCE, workers=1)
    packed = PackedReader(folder)
    assert [packed[index].key for index in range(len(packed))] == ["toy/0/0", "toy/0/6"]
    faults = [json.loads(line) for line in (folder / "faults.jsonl").read_text().splitlines()]
    assert [fault["index"] for fault in faults] == [1, 2, 3, 4, 5]
    assert "damaged" in faults[0]["why"]
    assert "label the dataset first" in faults[1]["why"]
    assert "off the image" in faults[2]["why"]
    assert (packed.card["packed"], packed.card["left out"]) == (2, 5)
    with pytest.raises(InputError, match=r"sample 1 : a\.jpg"):
        pack(Faulty(7), tmp_path / "strict", SOURCE, workers=1, on_fault="refuse")


def test_pack_without_any_usable_sample_is_refused(tmp_path):
    unlabelled = dataclasses.replace(ToyReader(1)[0], distance=None)
    with pytest.raises(InputError, match=r"no sample can be used, for example: .* label"):
        pack([unlabelled], tmp_path / "toy", SOURCE, workers=1)


def test_the_library_of_hugging_face_opens_a_pack(tmp_path, small_shards):
    contact = np.arange(778) < 5
    known = [dataclasses.replace(ToyReader(7)[2], contact=contact, valid=~contact)]
    reader = [*map(ToyReader(7).__getitem__, range(6)), *known]
    folder = pack(reader, tmp_path / "toy", SOURCE, workers=1)
    packed, table = PackedReader(folder), datasets.load_from_disk(str(folder))
    assert len(table) == 7
    assert table.features["side"].names == ["left", "right"]
    assert sorted(table.column_names) == sorted(
        ("image", "key", "interaction", "side", "box", "distance", "contact", "valid", "keypoints")
    )
    state = json.loads((folder / "state.json").read_text())
    assert packed.card["sha256"].startswith(state["_fingerprint"])
    for index in (0, 3, 6):
        row, sample = table[index], packed[index]
        assert (row["key"], row["interaction"]) == (sample.key, sample.interaction)
        assert table.features["side"].int2str(row["side"]) == sample.side
        np.testing.assert_array_equal(row["box"], sample.box)
        np.testing.assert_array_equal(row["keypoints"], sample.keypoints)
        np.testing.assert_array_equal(np.float32(row["distance"]), sample.distance)
        decoded = np.asarray(row["image"]).astype(int)
        assert np.abs(decoded - sample.image).max() <= 2, "another decoder rounds otherwise"
    assert (table[0]["contact"], table[6]["contact"]) == (None, contact.tolist())


def test_a_pack_streams(tmp_path, small_shards):
    folder = pack(ToyReader(7), tmp_path / "toy", SOURCE, workers=1)
    files = sorted(map(str, folder.glob("data-*.arrow")))
    stream = datasets.load_dataset("arrow", data_files=files, split="train", streaming=True)
    assert [row["key"] for row in stream] == [f"toy/0/{index}" for index in range(7)]


def test_a_long_pack_is_many_files(tmp_path, small_shards, monkeypatch):
    monkeypatch.setattr(joining, "SHARDS_A_FILE", 2)
    folder = pack(ToyReader(14), tmp_path / "toy", SOURCE, workers=1)
    assert len(list(folder.glob("data-*-of-00003.arrow"))) == 3
    packed, table = PackedReader(folder), datasets.load_from_disk(str(folder))
    assert packed[13].key == table[13]["key"] == "toy/0/13"
    np.testing.assert_array_equal(np.float32(table[6]["distance"]), packed[6].distance)


def test_the_fingerprint_is_the_datas(tmp_path, small_shards, monkeypatch):
    def fingerprint(name: str, reader: Reader) -> object:
        return PackedReader(pack(reader, tmp_path / name, SOURCE, workers=1)).card["sha256"]

    class Changed(ToyReader):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            distance = sample.distance + 0.01 * (index == 4) * (np.arange(778) == 700)
            return dataclasses.replace(sample, distance=distance.astype(np.float32))

    first = fingerprint("first", ToyReader(6))
    monkeypatch.setattr(joining, "SHARDS_A_FILE", 1)
    assert fingerprint("again", ToyReader(6)) == first
    assert fingerprint("changed", Changed(6)) != first


def test_a_cut_file_is_named(tmp_path):
    folder = pack(ToyReader(2), tmp_path / "toy", SOURCE, workers=1)
    (path,) = folder.glob("data-*.arrow")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match=r"data-00000-of-00001\.arrow: cannot be read.*pack"):
        PackedReader(folder)


def test_packing_many_takes_no_more_memory_than_packing_few(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "SHARD", 5)

    def most_bytes(num: int) -> int:
        tracemalloc.start()
        try:
            pack(ToyReader(num), tmp_path / str(num), SOURCE, workers=1)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    most_bytes(10)  # imports
    pa.default_memory_pool().release_unused()
    few, before = most_bytes(15), pa.total_allocated_bytes()
    many = most_bytes(90)
    assert many < 1.5 * few
    assert pa.total_allocated_bytes() <= before + 100_000


def test_killed_packing_goes_on_to_the_same_bytes(tmp_path, small_shards):
    class Dies(ToyReader):
        def __getitem__(self, index):
            if index == 7:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    whole = bytes_of(pack(ToyReader(10), tmp_path / "whole", SOURCE, workers=1))
    with pytest.raises(KeyboardInterrupt):
        pack(Dies(10), tmp_path / "killed", SOURCE, workers=1)
    with pytest.raises(InputError, match="no finished packed dataset"):
        PackedReader(tmp_path / "killed")

    asked = []

    class Counts(ToyReader):
        def __getitem__(self, index):
            asked.append(index)
            return super().__getitem__(index)

    pack(Counts(10), tmp_path / "killed", SOURCE, workers=1)
    assert asked == [6, 7, 8, 9]
    assert bytes_of(tmp_path / "killed") == whole


@pytest.mark.slow
def test_number_of_workers_does_not_change_a_byte(tmp_path, small_shards):
    one = pack(ToyReader(7), tmp_path / "one", SOURCE, workers=1)
    two = pack(ToyReader(7), tmp_path / "two", SOURCE, workers=2)
    assert bytes_of(one) == bytes_of(two)


def test_finished_pack_is_left_alone_and_another_is_refused(tmp_path):
    folder = pack(ToyReader(2), tmp_path / "toy", SOURCE, workers=1)
    before = (folder / "card.json").stat().st_mtime_ns
    assert pack(ToyReader(2), folder, SOURCE, workers=1) == folder
    assert (folder / "card.json").stat().st_mtime_ns == before
    with pytest.raises(InputError, match="holds another dataset"):
        pack(ToyReader(3), folder, SOURCE, workers=1)


def test_pack_begun_from_another_source_is_refused(tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "plan.json").write_text(json.dumps({"source": "other"}))
    with pytest.raises(InputError, match="something else was begun here"):
        pack(ToyReader(3), tmp_path / "toy", SOURCE, workers=1)


def test_card_says_what_was_packed(tmp_path):
    folder = pack(ToyReader(6), tmp_path / "toy", SOURCE, workers=1)
    card = json.loads((folder / "card.json").read_text())
    assert card["plan"]["num"] == 6
    assert card["plan"]["source"] == SOURCE
    assert card["shares"] == {"free": 1 / 3, "hands": 1 / 3, "power": 1 / 3}


def test_damaged_picture_is_named(tmp_path):
    folder = pack(ToyReader(2), tmp_path / "toy", SOURCE, workers=1)
    with (
        damaged_picture(folder, 1),
        pytest.raises(InputError, match=r"toy: picture 1 is damaged; pack"),
    ):
        PackedReader(folder)[1]


def test_pack_travels_to_a_worker(tmp_path):
    packed = PackedReader(pack(ToyReader(2), tmp_path / "toy", SOURCE, workers=1))
    copy = pickle.loads(pickle.dumps(packed))  # noqa: TID251 - our own bytes
    np.testing.assert_array_equal(copy[1].image, packed[1].image)


def test_pack_opens_by_name(tmp_path):
    pack(ToyReader(2), tmp_path / "toy-val", SOURCE, workers=1)
    assert len(open_dataset("packed/toy", tmp_path, split="val")) == 2


def test_unknown_dataset_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'dexy' is unknown; haco reads .*packed, .*synthetic"):
        open_dataset("dexy")
