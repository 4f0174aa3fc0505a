import json

import numpy as np
import pytest

from haco.apps.bench_tables import summarise
from haco.cli import main
from haco.downstream.grasp_bench import IMAGE, TRUTH, bench_cases, bench_one
from haco.downstream.grasp_scores import GraspScores
from haco.hands import load_hand


def scores(**changes) -> GraspScores:
    values = dict.fromkeys(GraspScores.__dataclass_fields__, 0.5)
    return GraspScores(**(values | changes))


def test_summary_is_the_mean_of_seeds_and_the_spread_between_them():
    by_seed = [
        [{"a": scores(f1=0.2)}, {"a": scores(f1=0.4)}],
        [{"a": scores(f1=0.5)}, {"a": scores(f1=0.7)}],
    ]
    mean, spread = summarise(by_seed, {"f1": "F1"})["a"]["f1"]
    assert mean == pytest.approx(0.45)
    assert spread == pytest.approx(np.std([0.3, 0.6], ddof=1))
    assert np.isnan(summarise(by_seed[:1], {"f1": "F1"})["a"]["f1"][1])


def test_an_image_model_that_tells_the_truth_is_as_good_as_the_truth():
    case = next(bench_cases("full", 5000, 1, size=64))
    true = case.grasp.distance < 0.01

    def sees(image, box):
        assert image.shape == (64, 64, 3)
        return true

    rng = np.random.default_rng(0)
    found = bench_one(load_hand("open"), case, sees, rng, threshold=0.01, steps=8)
    assert found[IMAGE].f1 == pytest.approx(found[TRUTH].f1, abs=1e-3)
    assert found[IMAGE].mpvpe == pytest.approx(found[TRUTH].mpvpe, abs=1e-2)


def test_cases_are_right_hands_that_hold_one_thing():
    for case in bench_cases("complete", 5000, 4, size=32):
        assert case.grasp.distance.min() < 0.01 or case.grasp.distance.min() > -0.006
        assert case.box[2] > case.box[0]
        assert len(case.grasp.faces) > 10


def test_bench_writes_a_table_and_all_numbers(tmp_path, capsys):
    words = ["grasp", "bench", "--num", "1", "--seeds", "1", "--steps", "2"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    table = (tmp_path / "grasps.md").read_text("utf-8")
    assert table.startswith("`haco grasp bench --set full --num 1 --seeds 1 --steps 2")
    assert table.count("\n| ") == 6  # heads, rule, four sources
    stored = json.loads((tmp_path / "grasps.json").read_text("utf-8"))
    assert len(stored["seeds"][0]) == 1
    assert stored["seeds"][0][0]["rough hand"]["mpvpe"] > 0
    assert "true contact" in capsys.readouterr().out


def test_no_grasps_is_wrong_usage(capsys):
    assert main(["grasp", "bench", "--num", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
