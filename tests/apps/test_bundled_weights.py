"""The weights that ship with haco: they load, they are small, and they see more than an average."""

import numpy as np
import pytest

import haco
from haco.models.weights import bundled_weights, load_weights


def test_bundled_weights_say_what_they_are():
    path = bundled_weights("tiny")
    network, meta = load_weights(path)
    assert path.stat().st_size <= 20_000_000
    assert sum(parameter.numel() for parameter in network.parameters()) <= 8_000_000
    assert "train tiny" in meta.command
    assert meta.picture_set
    assert meta.licence == "Apache-2.0"
    assert meta.scores["num_samples"] >= 1000
    assert meta.scores["average_precision"] > meta.scores["mean_map_average_precision"]


@pytest.mark.slow
def test_bundled_weights_beat_the_mean_map_on_unseen_hands():
    network, meta = load_weights(bundled_weights("tiny"))
    unseen = haco.open_dataset("synthetic/full", split="test", num=120, seed=300)
    scores = haco.evaluate(network, unseen, meta=meta).as_dict()
    assert scores["average_precision"] > scores["mean_map_average_precision"] + 0.04
    assert scores["best_micro_f1"] > scores["mean_map_best_micro_f1"] + 0.02
    assert scores["touch_auroc"] > 0.75


@pytest.mark.data
def test_a_mirrored_photo_gives_the_same_contact_on_the_other_side(real_dir):
    image = haco.read_image(real_dir / "photos_sam2" / "04_coffee_f000.jpg")
    width = image.shape[1]
    predictor = haco.ContactPredictor.load("tiny")
    right = predictor(image, box=(313, 325, 471, 524), side="right")
    mirrored = np.ascontiguousarray(image[:, ::-1])
    left = predictor(mirrored, box=(width - 471, 325, width - 313, 524), side="left")
    np.testing.assert_allclose(left.probability, right.probability, atol=1e-4)
    assert left.touch == pytest.approx(right.touch, abs=1e-4)
