"""Training straight from raw datasets, with contact computed from their meshes."""

import dataclasses
import json

import numpy as np
import pytest
from data_writers.hic import write_hic
from data_writers.mano import mano_folder
from plain_network import PLAIN
from toys import ToyReader

from haco.data.index import open_dataset
from haco.data.label_store import label_folder
from haco.data.labelling import label
from haco.data.packing import pack
from haco.data.readers.joined import JoinedReader
from haco.data.transforms import to_crop
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.learning.config import TrainConfig
from haco.learning.run_folder import read_metrics
from haco.learning.sources import known_hands, open_split
from haco.learning.train import train

RULE = PROTOCOLS["harmonised"]


def raw(roots, **changes) -> TrainConfig:
    labels = (str(roots / "labels"),)
    return dataclasses.replace(
        PLAIN, datasets=("hic",), labels=labels, epochs=1, batch_size=2, **changes
    )


def label_both(roots) -> None:
    for split in ("train", "val"):
        reader = open_dataset("hic", roots / "hic", split=split)
        label(reader, label_folder(roots / "labels", "hic", split), {}, workers=1)


@pytest.fixture
def roots(tmp_path):
    write_hic(tmp_path / "hic")
    return tmp_path


def test_training_sees_the_distances_that_were_computed(roots):
    truths = write_hic(roots / "hic")
    label_both(roots)
    config = raw(roots)
    reader = open_split(config, roots, "train")
    assert len(reader) == 4
    for index in range(len(reader)):
        crop, truth = to_crop(reader[index], RULE), truths[reader[index].key]
        certain = crop.valid.numpy() & (np.abs(truth.distance - 0.01) > 1e-4)
        assert certain.mean() > 0.9
        np.testing.assert_array_equal(
            crop.contact.numpy()[certain], (truth.distance < 0.01)[certain]
        )
    run = train(config, roots=roots, out=roots / "run", progress=False)
    data = json.loads((run.folder / "run.json").read_text())["data"]
    assert [data[name]["samples"] for name in ("train hic", "val hic")] == [4, 2]
    assert len(read_metrics(run.folder, "step")) == 2


def test_raw_and_packed_datasets_mix_and_readers_take_options(roots):
    label_both(roots)
    for split in ("train", "val"):
        pack(ToyReader(3), roots / f"toy-{split}", {}, workers=1)
    mano = mano_folder()
    config = dataclasses.replace(
        raw(roots), datasets=("packed/toy", "hic"), dataset_options=(f"hic:mano_dir={mano}",)
    )
    toy, hic = open_split(config, roots, "train").readers
    assert (len(toy), len(hic)) == (3, 4)
    assert hic.reader.mano.mano_dir == str(mano)
    wrong = dataclasses.replace(config, dataset_options=("hci:stride=2",))
    with pytest.raises(InputError, match="option 'hci:stride=2': write NAME:KEY=VALUE"):
        open_split(wrong, roots, "train")


def test_hands_without_labels_are_refused_or_left_out_and_counted(roots, caplog):
    picture = roots / "hic" / "06/1/rgb/005.png"
    picture.write_bytes(picture.read_bytes()[:100])
    label_both(roots)
    said = r"hic train: nothing is known of the contact of 2 of 4 hands \(.*faults\.jsonl"
    with pytest.raises(InputError, match=rf"{said}.*leave them out with --unlabelled skip"):
        train(raw(roots), roots=roots, out=roots / "refused", progress=False)
    assert not (roots / "refused").exists()
    run = train(raw(roots, unlabelled="skip"), roots=roots, out=roots / "run", progress=False)
    assert "2 of 4 hands" in caplog.text
    data = json.loads((run.folder / "run.json").read_text())["data"]
    assert data["train hic"]["samples"] == 2


def test_hands_of_which_nothing_is_known_are_left_out_with_their_places(roots):
    class Half(ToyReader):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            return dataclasses.replace(sample, distance=None) if index % 2 else sample

    config = dataclasses.replace(PLAIN, unlabelled="skip")
    known = known_hands(JoinedReader((Half(5),)), config, "train")
    keys = [known.reader[index].key for index in range(len(known.reader))]
    assert keys == [ToyReader(5)[index].key for index in (0, 2, 4)]
    assert known.truth.valid.all()
    np.testing.assert_array_equal(known.reader.truth(RULE).contact, known.truth.contact)


def test_raw_set_that_nobody_labelled_is_refused(roots):
    config = dataclasses.replace(raw(roots), labels=())
    said = "of the contact of 4 of 4 hands; compute it with haco data label"
    with pytest.raises(InputError, match=said):
        train(config, roots=roots, out=roots / "run", progress=False)
    with pytest.raises(InputError, match="hic-train: no finished labels here"):
        train(raw(roots), roots=roots, out=roots / "run", progress=False)


def test_labels_are_one_for_all_or_one_each():
    with pytest.raises(ValueError, match="labels must be one for all datasets or one for each"):
        TrainConfig(datasets=("hic", "ho3d", "mow"), labels=("a", "b"))
