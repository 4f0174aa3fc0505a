"""The comparison: every network is trained alike and scored alike, and nothing is done twice."""

import dataclasses
import math

import numpy as np
import pytest
from toys import ToyReader

from haco.files import InputError
from haco.hands.topologies import load_hand
from haco.learning import ablate as ablation
from haco.learning.ablate import RunResult
from haco.learning.compare import (
    CONTESTANTS,
    MEAN_MAP,
    compare,
    make_comparison,
    score_mean_map,
    score_network,
)
from haco.learning.comparison_table import COLUMNS, comparison_table
from haco.learning.evaluate import evaluate
from haco.learning.noisy_pose import POINTS, NoisyPose
from haco.learning.run_folder import read_metrics
from haco.learning.studies import StudySize
from haco.models.networks import create_model
from haco.models.weights import WeightsMeta
from haco.types import Sample

SMALL = StudySize(num_train=32, num_val=6, num_test=8, epochs=1)
CHOSEN = ["haco", "deco-like", "posa-like"]
ROWS = ["haco", "deco-like", "posa-like, oracle pose", "posa-like, noisy pose", MEAN_MAP]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("comparison")


@pytest.fixture(scope="module")
def results(out):
    return compare(make_comparison(SMALL, CHOSEN, "lab"), SMALL, seeds=1, out=out)


@pytest.mark.slow
def test_every_network_and_the_mean_map_are_scored(results):
    assert [result.variant for result in results] == ROWS
    for result in results:
        assert {*COLUMNS.values(), "parameters", "milliseconds"} <= result.scores.keys()
        assert result.scores["num_samples"] == 8
    assert len({result.scores["average_precision"] for result in results}) == 5


@pytest.mark.slow
def test_the_mean_map_is_that_of_training_and_evaluation_agrees(results):
    trained, mean_map = results[0].scores, results[-1].scores
    assert mean_map["average_precision"] == trained["mean_map_average_precision"]


@pytest.mark.slow
def test_a_finished_run_is_never_done_again(results, out, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a finished run was trained again")

    monkeypatch.setattr(ablation, "train", refuse)
    study = make_comparison(SMALL, CHOSEN[2:], "lab")
    assert repr(compare(study, SMALL, seeds=1, out=out)) == repr(results[2:])


@pytest.mark.slow
def test_training_hears_what_the_networks_add_to_the_loss(results, out):
    for variant, terms in (("deco-like", ["parts", "segments"]), ("posa-like", ["divergence"])):
        (step,) = read_metrics(out / "runs" / f"networks-{variant}-0", "step")
        named = [float(step[name]) for name in terms]
        assert min(named) > 0
        assert float(step["loss"]) > sum(named)


def test_noise_moves_pose_by_about_as_much_as_it_says():
    sample = dataclasses.replace(ToyReader(1)[0], vertices=load_hand("open").template.numpy())

    @dataclasses.dataclass
    class Same:
        def __len__(self) -> int:
            return 60

        def __getitem__(self, index: int) -> Sample:
            return sample

    noisy = NoisyPose(Same())
    points = np.stack([noisy[i].keypoints - sample.keypoints for i in range(60)])
    assert points.std() == pytest.approx(POINTS * 1.5 * 32, rel=0.1)
    moved = np.stack([noisy[i].vertices - sample.vertices for i in range(60)])
    assert 0.008 < np.linalg.norm(moved, axis=-1).mean() < 0.025
    assert (noisy[3].vertices == noisy[3].vertices).all()
    assert (noisy[3].vertices != noisy[4].vertices).any()


def test_contestants_differ_in_the_network_alone():
    variants = [*make_comparison(SMALL, (), "tiny").variants.values()]
    assert [config.network for config in variants] == [
        "tiny",
        *(f"{rival}-tiny" for rival in CONTESTANTS[1:]),
    ]
    assert all(dataclasses.replace(it, network="tiny") == variants[0] for it in variants)


def test_an_unknown_contestant_is_refused_with_the_names():
    with pytest.raises(InputError, match="no contestant is called 'deco'; choose of haco, bstro-l"):
        make_comparison(SMALL, ["haco", "deco"], "lab")


def test_scores_are_those_of_evaluation_at_the_threshold_that_validation_chose():
    network, validation, test = create_model("lab"), ToyReader(6, seed=1), ToyReader(9)
    mean = np.linspace(0.1, 0.9, 778)
    found = score_network(
        network, validation, test, mean_map=mean, protocol="harmonised", crop_size=64
    )
    threshold = evaluate(network, validation, mean_map=mean, size=64).contact.best_threshold
    meta = WeightsMeta(network="lab", threshold=threshold)
    scores = evaluate(network, test, meta=meta, mean_map=mean, size=64).as_dict()
    assert {name: found[name] for name in scores} == scores
    assert found["parameters"] == sum(p.numel() for p in network.parameters())
    encoder = sum(p.numel() for p in network.backbone.parameters())
    assert found["decoder_parameters"] == found["parameters"] - encoder
    assert found["milliseconds"] > 0


def test_the_mean_map_is_scored_by_hand():
    mean = np.zeros(778)
    mean[:250] = 1.0
    scores = score_mean_map(ToyReader(6, seed=1), ToyReader(6), mean=mean, protocol="harmonised")
    # It says 0..249 of six hands. Two touch there, two elsewhere, two nowhere.
    assert scores["macro_f1"] == pytest.approx(1 / 3)
    assert scores["micro_precision"] == pytest.approx(1 / 3)
    assert scores["micro_recall"] == pytest.approx(1 / 2)
    assert scores["touch_auroc"] == pytest.approx(0.5)


def made(variant: str, seed: int, score: float, milliseconds: float) -> RunResult:
    scores = dict.fromkeys(COLUMNS.values(), score)
    costs = {"parameters": 2_000_000.0, "decoder_parameters": 1_500_000.0}
    return RunResult(
        variant=variant, seed=seed, scores=scores | costs | {"milliseconds": milliseconds}
    )


def test_table_has_the_best_first_with_mean_spread_and_cost():
    results = [made("a", seed, 0.1 * seed, 5 + seed) for seed in range(3)]
    text = comparison_table([*results, made(MEAN_MAP, 0, 0.25, math.nan)])
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == ["| mean map", "| a"]
    assert rows[1][1:] == ["3", *["0.100 ± 0.100"] * 5, "2.00", "1.50", "5.0 |"]
    assert rows[0][1:3] == ["1", "0.250"]
    assert rows[0][-1] == "- |"
    assert "standard deviation over runs" in text
    assert "| - |" in comparison_table([made("a", 0, math.nan, 1.0)])  # undefined is not 0
