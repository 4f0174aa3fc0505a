"""Counting an evaluation: batches and parts change nothing, intervals are those of a resampling."""

import numpy as np
import pytest
import torch

from haco.learning.bootstrap import Bootstrap
from haco.learning.histograms import average_precision, probability_histogram
from haco.learning.tally import Answer, Extremes, Tally

NUM = 24
SURFACE = torch.ones(40, 40) - torch.eye(40)


@pytest.fixture
def answers(rng) -> Answer:
    contact = torch.from_numpy(rng.random((NUM, 40)) < 0.2)
    contact[::4] = False
    logits = torch.from_numpy(rng.normal(size=(NUM, 40))) + 2 * contact
    valid = torch.from_numpy(rng.random((NUM, 40)) < 0.9)
    valid[::4] = True
    return Answer(
        contact=contact,
        valid=valid,
        probability=torch.sigmoid(logits).float(),
        touch=torch.from_numpy(rng.random(NUM)).float(),
        keys=[f"{'first' if index < 10 else 'second'}/{index}" for index in range(NUM)],
        interactions=["pinch", "free", "power"] * (NUM // 3),
    )


def part(whole: Answer, rows: slice) -> Answer:
    return Answer(
        contact=whole.contact[rows],
        valid=whole.valid[rows],
        probability=whole.probability[rows],
        touch=None if whole.touch is None else whole.touch[rows],
        keys=whole.keys[rows],
        interactions=whole.interactions[rows],
    )


def count(whole: Answer, batch: int, rows: slice = slice(0, NUM)) -> Tally:
    tally = Tally(threshold=0.4, num_vertices=40, surface=SURFACE, first=rows.start)
    for start in range(rows.start, rows.stop, batch):
        tally.update(part(whole, slice(start, min(start + batch, rows.stop))))
    return tally


def assert_same(one: Tally, other: Tally) -> None:
    assert one.whole.compute() == other.whole.compute()
    for name in ("kinds", "sources"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine.keys() == theirs.keys()
        assert str([mine[key].compute() for key in mine]) == str(
            [theirs[key].compute() for key in mine]
        )
    assert one.bootstrap.intervals() == other.bootstrap.intervals()
    assert one.geodesic is not None
    assert other.geodesic is not None
    assert one.geodesic.compute() == other.geodesic.compute()
    assert one.best.indices() == other.best.indices()
    assert one.worst.indices() == other.worst.indices()


def test_the_batch_size_changes_nothing(answers):
    assert_same(count(answers, NUM), count(answers, 5))


def test_parts_merge_into_the_whole(answers):
    first = count(answers, 4, slice(0, 10))
    first.merge(count(answers, 4, slice(10, NUM)))
    assert_same(first, count(answers, NUM))


def test_kinds_and_datasets_are_counted_by_themselves(answers):
    tally = count(answers, 7)
    assert set(tally.kinds) == {"pinch", "free", "power"}
    assert {name: each.compute().num_hands for name, each in tally.sources.items()} == {
        "first": 10,
        "second": 14,
    }
    pinches = [index for index, kind in enumerate(answers.interactions) if kind == "pinch"]
    known = answers.valid[pinches]
    histogram = probability_histogram(
        answers.contact[pinches][known], answers.probability[pinches][known]
    )
    found = tally.kinds["pinch"].compute().average_precision
    assert found == pytest.approx(average_precision(histogram))


def test_best_and_worst_hands_are_those_of_the_highest_and_lowest_overlap(answers):
    tally = count(answers, 6)
    predicted = (answers.probability >= 0.4) & answers.valid
    contact = answers.contact & answers.valid
    union = (contact | predicted).sum(1)
    overlap = ((contact & predicted).sum(1) / union).numpy()
    assert overlap[tally.best.indices()[0]] == overlap.max()
    assert overlap[tally.worst.indices()[0]] == overlap.min()


def test_extremes_keep_the_first_of_equals():
    extremes = Extremes(most=2)
    for index, score in enumerate([0.5, 0.9, 0.5, 0.9, 0.9]):
        extremes.add(score, index)
    assert extremes.indices() == [1, 3]


def test_intervals_hold_the_spread_of_fresh_draws(rng):
    """Draw many sets of hands from one source: nine in ten of their scores lie in the interval."""

    def hands(num: int) -> tuple[torch.Tensor, torch.Tensor]:
        ease = rng.normal(1.5, 1, (num, 1))  # hands differ, and vertices of one hand go together
        contact = rng.random((num, 30)) < 0.3
        logits = rng.normal(size=(num, 30)) + ease * contact
        return torch.from_numpy(contact), torch.from_numpy(1 / (1 + np.exp(-logits))).float()

    bootstrap = Bootstrap(0.5)
    contact, probability = hands(150)
    bootstrap.update(0, contact, probability, valid=torch.ones_like(contact))
    low, high = bootstrap.intervals()["average_precision"]
    fresh = [average_precision(probability_histogram(*hands(150))) for _ in range(200)]
    spread = np.quantile(fresh, 0.975) - np.quantile(fresh, 0.025)
    assert low < average_precision(probability_histogram(contact, probability)) < high
    assert high - low == pytest.approx(spread, rel=0.25)


def test_no_touch_output_has_no_interval(answers):
    bootstrap = Bootstrap(0.5, replicates=5)
    bootstrap.update(0, answers.contact, answers.probability, valid=answers.valid)
    assert np.isnan(bootstrap.intervals()["touch_auroc"]).all()
