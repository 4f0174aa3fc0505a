"""Others' predictions: read from each format, carried from bodies to hands, refused when wrong."""

import json

import numpy as np
import pytest
from toys import ToyReader

from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.learning.evaluate import mean_contact, score
from haco.learning.predictions import prediction_answers, read_predictions, read_vertex_map

RULE = PROTOCOLS["harmonised"]
NUM = 6


@pytest.fixture
def truth() -> tuple[list[str], np.ndarray]:
    samples = [ToyReader(NUM)[index] for index in range(NUM)]
    rows = [sample.distance < 0.005 for sample in samples if sample.distance is not None]
    return [sample.key for sample in samples], np.stack(rows).astype(np.float32)


def scores_of(path, vertex_map=None):
    predictions = read_predictions(path, vertex_map)
    answers = prediction_answers(predictions, ToyReader(NUM), RULE, batch_size=4)
    return score(answers, mean_map=mean_contact(ToyReader(NUM), RULE))


@pytest.mark.parametrize("suffix", ["npz", "jsonl"])
def test_perfect_predictions_score_one(truth, suffix, tmp_path):
    keys, rows = truth
    path = tmp_path / f"them.{suffix}"
    order = np.arange(NUM)[::-1]  # a file's order does not matter
    if suffix == "npz":
        np.savez(path, key=np.array(keys)[order], probability=rows[order])
    else:
        lines = [json.dumps({"key": keys[i], "probability": rows[i].tolist()}) for i in order]
        path.write_text("\n".join(lines) + "\n")
    scores = scores_of(path)
    assert scores.half.micro == (1, 1, 1)
    assert scores.contact.average_precision == 1
    assert scores.contact.touch_auroc == 1


def test_a_touch_of_its_own_is_used(truth, tmp_path):
    keys, rows = truth
    path = tmp_path / "them.npz"
    np.savez(path, key=keys, probability=rows, touch=1 - rows.max(axis=1))
    assert scores_of(path).contact.touch_auroc == 0


def test_body_predictions_go_through_the_map_of_their_side(truth, tmp_path, rng):
    keys, rows = truth
    places = rng.permutation(2000)
    left, right = places[:778], places[778:1556]
    body = np.full((NUM, 2000), 0.9, np.float32)  # the rest of the body touches
    for row, index in zip(rows, range(NUM), strict=True):
        side = left if ToyReader(NUM)[index].side == "left" else right
        other = right if side is left else left
        body[index, side], body[index, other] = row, 1 - row
    path, where = tmp_path / "body.npz", tmp_path / "map.npz"
    np.savez(path, key=keys, probability=body)
    np.savez(where, left_hand=left, right_hand=right)
    assert scores_of(path, where).half.micro == (1, 1, 1)


def test_a_sample_without_prediction_is_named(truth, tmp_path):
    keys, rows = truth
    path = tmp_path / "them.npz"
    np.savez(path, key=keys[:-1], probability=rows[:-1])
    with pytest.raises(InputError, match=r"says nothing of the sample 'toy/0/5'"):
        scores_of(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": np.full((NUM, 778), 1.5)}, "no probabilities"),
        ({"probability": np.full((NUM, 778), np.nan)}, "no probabilities"),
        ({"probability": np.zeros((NUM, 6890))}, "--vertex-map"),
        ({"probability": np.zeros((NUM - 1, 778))}, "give one row a key"),
        ({"key": ["toy/0/0"] * NUM}, "more than once"),
        ({"touch": np.zeros(NUM - 1)}, "one value a key"),
    ],
)
def test_bad_predictions_are_refused(change, message, truth, tmp_path):
    keys, rows = truth
    path = tmp_path / "them.npz"
    np.savez(path, **({"key": keys, "probability": rows} | change))
    with pytest.raises(InputError, match=message) as error:
        read_predictions(path)
    assert str(path) in str(error.value)


def test_a_bad_line_is_named_by_its_number(tmp_path):
    path = tmp_path / "them.jsonl"
    path.write_text('{"key": "a", "probability": [0.5]}\n{"key": "b"}\n')
    with pytest.raises(InputError, match=r"them\.jsonl, line 2: no prediction"):
        read_predictions(path)


def test_files_that_are_none_are_refused(tmp_path):
    for name, content, message in (
        ("x.csv", b"", "read from .npz or .jsonl"),
        ("x.npz", b"nothing", "no predictions"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=message):
            read_predictions(tmp_path / name)
    with pytest.raises(InputError, match="no such file of predictions"):
        read_predictions(tmp_path / "gone.npz")


def test_a_map_of_another_size_is_refused(tmp_path):
    np.savez(tmp_path / "map.npz", left_hand=np.arange(5), right_hand=np.arange(778))
    with pytest.raises(InputError, match="left_hand has shape"):
        read_vertex_map(tmp_path / "map.npz")
    np.savez(tmp_path / "map.npz", left=np.arange(5))
    with pytest.raises(InputError, match="no vertex map"):
        read_vertex_map(tmp_path / "map.npz")
