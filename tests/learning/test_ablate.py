"""Ablations: what is done is kept, what was stopped goes on, and each run is scored honestly."""

import dataclasses
import math
import shutil
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from toys import ToyReader

from haco.files import InputError
from haco.learning import ablate as ablation
from haco.learning.ablate import RunResult, ablate, make_study
from haco.learning.ablation_table import TABLES, markdown_tables, mean_and_spread
from haco.learning.config import LossConfig
from haco.learning.run_scores import FREQUENCIES, REGIONS, score_run, vertex_groups
from haco.learning.studies import STUDIES, Study, StudySize
from haco.learning.train import train
from haco.models.contact_net import ContactNet
from haco.types import ContactLogits, Sample

SMALL = StudySize(num_train=16, num_val=6, num_test=8, epochs=1)


def small_study(name: str, size: StudySize = SMALL, only: Sequence[str] = ()) -> Study:
    """A study whose steps take eight pictures."""
    study = make_study(name, size, only=only)
    variants = {
        variant: dataclasses.replace(config, batch_size=8)
        for variant, config in study.variants.items()
    }
    return dataclasses.replace(study, variants=variants)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("ablation")


@pytest.fixture(scope="module")
def results(out):
    study = small_study("losses", only=["CE", "VCB"])
    return ablate(study, SMALL, seeds=1, out=out)


CHEAP = {
    "losses": ["CE", "VCB"],
    "levels": ["778", "all four, learned"],
    "schedule": ["0", "1, constant"],
    "terms": ["all", "no start"],
    "bcs": ["none", "fixed"],
    "data": ["hands", "together"],
    "backbones": ["lab", "resnet-18"],
}
"""Two variants of each study."""


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_run_and_scored(name, out, results):
    study = small_study(name, only=CHEAP[name])
    found = ablate(study, SMALL, seeds=1, out=out)
    assert [(result.variant, result.seed) for result in found] == [(it, 0) for it in CHEAP[name]]
    assert found[0].scores != found[1].scores
    shown = {score for columns in TABLES.values() for score in columns.values()}
    assert {score for score in shown if ", of " not in score} <= found[0].scores.keys()


@pytest.mark.slow
def test_a_run_that_another_study_has_made_is_taken_over(results, out, monkeypatch):
    refuse_to_train(monkeypatch)
    study = small_study("levels", only=["all four"])
    (found,) = ablate(study, SMALL, seeds=1, out=out)
    assert (found.variant, repr(found.scores)) == ("all four", repr(results[1].scores))


def refuse_to_train(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a finished run was trained again")

    monkeypatch.setattr(ablation, "train", refuse)


@pytest.mark.slow
def test_a_finished_run_is_never_done_again(results, out, monkeypatch):
    refuse_to_train(monkeypatch)
    study = small_study("losses", only=["VCB"])
    assert repr(ablate(study, SMALL, seeds=1, out=out)) == repr(results[1:])


@pytest.mark.slow
def test_a_stopped_run_goes_on_to_the_same_scores(results, out, tmp_path):
    for place in "ab":
        shutil.copytree(out / "pictures-96", tmp_path / place / "pictures-96")
    size = dataclasses.replace(SMALL, epochs=2)
    study = small_study("losses", size, only=["CE"])
    unbroken = ablate(study, size, seeds=1, out=tmp_path / "a")
    stopped = train(
        study.variants["CE"],
        out=tmp_path / "b" / "runs" / "losses-CE-0",
        roots=tmp_path / "b" / "pictures-96",
        stop_after=1,
        progress=False,
    )
    assert not stopped.is_finished
    assert repr(ablate(study, size, seeds=1, out=tmp_path / "b")) == repr(unbroken)


@pytest.mark.slow
def test_runs_and_pictures_of_another_size_are_refused(results, out):
    longer = dataclasses.replace(SMALL, epochs=2)
    with pytest.raises(InputError, match="losses-CE-0: a run with another config"):
        ablate(small_study("losses", longer), longer, seeds=1, out=out)
    more = dataclasses.replace(SMALL, num_test=9)
    with pytest.raises(InputError, match="easy-test: holds another"):
        ablate(small_study("losses", more), more, seeds=1, out=out)


def test_unknown_studies_variants_and_no_seeds_are_refused(tmp_path):
    with pytest.raises(InputError, match="no study is called 'optimisers'; choose of losses"):
        make_study("optimisers", SMALL)
    with pytest.raises(InputError, match="'losses' has no variant 'dice'; it has CE, focal"):
        make_study("losses", SMALL, only=["CE", "dice"])
    with pytest.raises(InputError, match="at least one seed, got 0"):
        ablate(make_study("losses", SMALL), SMALL, seeds=0, out=tmp_path)
    with pytest.raises(ValueError, match="at least 1"):
        StudySize(epochs=0)


@pytest.mark.parametrize("name", STUDIES)
def test_no_two_variants_of_a_study_are_the_same_run(name):
    variants = [*STUDIES[name](SMALL).variants.values()]
    assert all(one != two for place, one in enumerate(variants) for two in variants[:place])


@pytest.mark.parametrize("name", ["losses", "levels", "schedule"])
def test_variants_of_a_loss_differ_in_the_loss_alone(name):
    variants = [*STUDIES[name](SMALL).variants.values()]
    loss = variants[0].loss
    assert all(dataclasses.replace(each, loss=loss) == variants[0] for each in variants)


def test_rivals_go_without_the_penalty_on_false_positives():
    variants = STUDIES["losses"](SMALL).variants.values()
    assert [each.loss.false_positives for each in variants] == [0, 0, 0, 0, 0, 0.5]


def test_data_is_scored_on_all_kinds_and_drawn_for_what_is_trained():
    study = make_study("data", SMALL, only=["hands", "scenes"])
    assert study.pictures() == [
        ("hh", "train"),
        ("hs", "train"),
        ("hh", "val"),
        ("hs", "val"),
        ("mixed", "val"),
        ("mixed", "test"),
    ]
    everything = STUDIES["losses"](SMALL).pictures()
    assert everything == [("easy", "train"), ("easy", "val"), ("easy", "test")]


def test_levels_weigh_the_same_in_all():
    assert {sum(each.loss.levels) for each in STUDIES["levels"](SMALL).variants.values()} == {4}


def test_terms_are_left_out_one_by_one():
    everything, *others = STUDIES["terms"](SMALL).variants.values()
    assert everything.loss.regularisation == LossConfig().regularisation > 0
    assert everything.loss.smoothness == LossConfig().smoothness > 0
    for other in others:
        before, now = (flat(dataclasses.asdict(config)) for config in (everything, other))
        changed = {key for key in before if before[key] != now[key]}
        assert len(changed) == 1
        assert all(now[key] in (0.0, "random", "none") for key in changed)


def flat(values: dict) -> dict:
    return {
        f"{name}.{inner}": value
        for name, part in values.items()
        for inner, value in (part.items() if isinstance(part, dict) else [("", part)])
    }


# Scores


class NearReader(ToyReader):
    """Toy pictures, of which the hands that touch nothing are near something."""

    def __getitem__(self, index: int) -> Sample:
        sample = super().__getitem__(index)
        kind = "near" if sample.interaction == "free" else sample.interaction
        return dataclasses.replace(sample, interaction=kind)


class Oracle(ContactNet):
    """Knows the toy pictures by their colour; on every hand it is a little wrong at one vertex."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)  # no backbone, no decoder
        self.wrong = torch.nn.Parameter(torch.tensor(0.3))

    def forward(self, image: torch.Tensor) -> ContactLogits:
        kind = image.mean(dim=(2, 3)).argmax(dim=1)
        logits = torch.full((len(image), 778), -3.0)
        for row, number in enumerate(kind.tolist()):
            if number < 2:
                logits[row, number * 250 : number * 250 + 250] = 3.0
        logits[:, 777] = self.wrong
        return ContactLogits(logits, (), None)


def test_a_run_is_scored_at_a_half_and_at_its_own_threshold():
    mean_map = np.linspace(0, 1, 778)
    found = score_run(
        Oracle(),
        NearReader(9, seed=1),
        NearReader(12),
        mean_map=mean_map,
        protocol="harmonised",
        crop_size=64,
    )
    # Two thirds of the hands touch, at 250 vertices; at 0.5 one more is called touching.
    assert found["precision, at 0.5"] == pytest.approx(2 / 3 * 250 / 251)
    assert found["recall, at 0.5"] == pytest.approx(2 / 3)
    assert found["near_alarms, at 0.5"] == 1.0
    assert found["near_area, at 0.5"] == pytest.approx(1 / 778)
    assert 1 / (1 + math.exp(-0.3)) < found["threshold"] < 1 / (1 + math.exp(-3.0))
    assert found["precision"] == pytest.approx(2 / 3)
    assert (found["near_alarms"], found["near_area"]) == (0.0, 0.0)
    assert found["average_precision"] == pytest.approx(1.0)
    assert found["f1, rare"] == pytest.approx(1.0)
    assert found["precision, common, at 0.5"] == 0.0
    # Of the toys, a third hold a thing, a third touch a hand, and all of those are right.
    assert found["f1, of objects"] == found["f1, of hands"] == pytest.approx(1.0)
    assert "f1, of bodies" not in found


def test_groups_of_vertices_are_thirds_and_regions():
    groups = vertex_groups(np.linspace(0, 1, 778))
    assert tuple(groups) == (*FREQUENCIES, *REGIONS)
    thirds = np.stack([groups[name] for name in FREQUENCIES])
    regions = np.stack([groups[name] for name in REGIONS])
    assert (thirds.sum(axis=0) == 1).all()
    assert regions.sum(axis=0).max() == 1
    assert groups["rare"][0]
    assert groups["common"][-1]
    assert min(regions.sum(axis=1)) > 40


# Tables


def made_results(seeds: int) -> list[RunResult]:
    shown = {score for columns in TABLES.values() for score in columns.values()}
    return [
        RunResult(
            variant=variant,
            seed=seed,
            scores=dict.fromkeys(shown, base + seed / 10) | {"recall, rare": math.nan},
        )
        for seed in range(seeds)
        for variant, base in (("CE", 0.1), ("VCB", 0.5))
    ]


def test_mean_and_spread_are_worked_by_hand():
    runs = [result for result in made_results(3) if result.variant == "VCB"]
    mean, spread = mean_and_spread(runs, "f1")
    assert mean == pytest.approx(0.6)
    assert spread == pytest.approx(0.1)
    assert math.isnan(mean_and_spread(runs[:1], "f1")[1])


def test_tables_have_a_row_a_variant_with_mean_and_spread():
    text = markdown_tables(made_results(3))
    assert "over 3 seeds" in text
    rows = [line for line in text.splitlines() if line.startswith("| VCB")]
    assert len(rows) == len(TABLES)
    others = [dataclasses.replace(run, scores={"f1": 0.5}) for run in made_results(2)]
    assert [line for line in markdown_tables(others).splitlines() if "VCB" in line] == [
        "| VCB | 0.500 ± 0.000 |"
    ]
    assert "0.600 ± 0.100" in rows[0]
    assert "| - |" in rows[1]  # what cannot be scored is not called 0
    single = markdown_tables(made_results(1))
    assert "One seed" in single
    assert "±" not in single
