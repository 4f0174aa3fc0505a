import math

import numpy as np
import pytest
import torch
from golden_files import golden, unpacked

from haco.learning.histograms import (
    NUM_BINS,
    auroc,
    average_precision,
    best_f1_threshold,
    expected_calibration_error,
    precision_recall_f1,
    precision_threshold,
    probability_histogram,
)
from haco.learning.metrics import ContactMetrics, frequency_groups, macro, per_sample_scores


@pytest.fixture(scope="module")
def recorded() -> dict[str, np.ndarray]:
    return golden("learning/metrics")


def draw_answers(rng: np.random.Generator, size) -> tuple[torch.Tensor, torch.Tensor]:
    """Make rare positives and probabilities that know something of them."""
    truth = rng.random(size) < 0.05
    logits = rng.normal(size=size) + 3 * truth - 3
    return torch.from_numpy(truth), torch.from_numpy(1 / (1 + np.exp(-logits))).float()


def naive_average_precision(truth: np.ndarray, probability: np.ndarray) -> float:
    """Sum precision times gained recall over the distinct thresholds, from the highest."""
    found, recall_before = 0.0, 0.0
    for threshold in sorted(set(probability.tolist()), reverse=True):
        chosen = probability >= threshold
        recall = truth[chosen].sum() / truth.sum()
        found += (recall - recall_before) * truth[chosen].mean()
        recall_before = recall
    return found


# Per sample


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_sample_scores_equal_the_recorded_ones(kind, recorded):
    truth = unpacked(recorded["gt_bits"])
    for place, threshold in enumerate(recorded["thresholds"]):
        scores = per_sample_scores(kind(truth), kind(recorded["pred"]), threshold)
        assert isinstance(scores, type(kind(truth)))
        np.testing.assert_allclose(np.asarray(scores), recorded["per_sample"][place], atol=1e-6)
        np.testing.assert_allclose(macro(scores), recorded["summary"][place], atol=1e-6)


def test_sample_scores_by_hand():
    truth = np.array([[1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]])
    probability = np.array(
        [[0.9, 0.5, 0.5, 0.1], [0.9, 0, 0, 0], [0.1, 0, 0, 0], [0, 0.7, 0, 0]], np.float32
    )
    nan = math.nan
    expected = [[2 / 3, 1, 0.8], [0, nan, nan], [nan, 0, nan], [0, 0, nan]]
    np.testing.assert_allclose(per_sample_scores(truth, probability, 0.5), expected)


def test_invalid_vertices_do_not_score():
    truth = np.array([[1, 1, 0]])
    probability = np.array([[0.9, 0.1, 0.9]], np.float32)
    valid = np.array([[True, False, False]])
    assert per_sample_scores(truth, probability, 0.5, valid=valid).tolist() == [[1, 1, 1]]


def test_policies_by_hand():
    nan = math.nan
    # A half right hand, one that touches nothing, one that was missed wholly.
    scores = np.array([[0.5, 1, 2 / 3], [0, nan, nan], [nan, 0, nan]])
    np.testing.assert_allclose(macro(scores, "zero"), [0.5 / 3, 1 / 3, 2 / 9])
    np.testing.assert_allclose(macro(scores, "skip"), [0.25, 0.5, 2 / 3])
    np.testing.assert_allclose(macro(scores, "touching"), [0.25, 0.5, 1 / 3])
    assert np.isnan(macro(scores[1:2], "touching")).all()


# Histograms


def test_average_precision_equals_the_naive_one(rng):
    truth, probability = draw_answers(rng, 3000)
    whole_bins = (probability * NUM_BINS).floor() / NUM_BINS
    exact = naive_average_precision(truth.numpy(), whole_bins.numpy())
    assert average_precision(probability_histogram(truth, whole_bins)) == pytest.approx(exact)
    unbinned = naive_average_precision(truth.numpy(), probability.numpy())
    found = average_precision(probability_histogram(truth, probability))
    assert found == pytest.approx(unbinned, abs=1e-3)


def test_a_constant_answer_has_the_prevalence_as_average_precision(rng):
    truth, _ = draw_answers(rng, 500)
    constant = torch.full((500,), 0.3)
    found = average_precision(probability_histogram(truth, constant))
    assert found == pytest.approx(truth.float().mean().item())


def test_average_precision_by_hand():
    histogram = probability_histogram(
        torch.tensor([True, False, True]), torch.tensor([0.9, 0.8, 0.1])
    )
    assert average_precision(histogram) == pytest.approx((1 + 2 / 3) / 2)
    assert math.isnan(average_precision(torch.zeros(2, NUM_BINS, dtype=torch.int64)))


def test_auroc_is_the_share_of_pairs_in_order(rng):
    truth, probability = draw_answers(rng, 400)
    probability = (probability * 8).round() / 8  # many ties
    yes, no = probability[truth][:, None], probability[~truth][None]
    expected = ((yes > no).double() + 0.5 * (yes == no).double()).mean().item()
    assert auroc(probability_histogram(truth, probability)) == pytest.approx(expected)
    assert math.isnan(auroc(probability_histogram(truth[:0], probability[:0])))


def test_calibration_error_by_hand():
    # Ten answers of 0.3 with 5 positives, ten of 0.9 with 9: (0.2 x 10 + 0 x 10) / 20.
    probability = torch.tensor([0.3] * 10 + [0.9] * 10)
    truth = torch.tensor([True] * 5 + [False] * 5 + [True] * 9 + [False])
    found = expected_calibration_error(probability_histogram(truth, probability))
    assert found == pytest.approx(0.1, abs=2e-4)


def test_calibration_error_is_small_for_true_probabilities(rng):
    probability = torch.from_numpy(rng.random(200_000)).float()
    truth = torch.from_numpy(rng.random(200_000)) < probability
    assert expected_calibration_error(probability_histogram(truth, probability)) < 0.01
    wrong = probability_histogram(truth, probability**2)
    assert expected_calibration_error(wrong) > 0.1


def test_thresholds_for_a_purpose(rng):
    truth, probability = draw_answers(rng, 5000)
    histogram = probability_histogram(truth, probability)
    _, _, f1 = precision_recall_f1(histogram)
    best = best_f1_threshold(histogram)
    naive = [
        2 * (truth & (probability >= cut)).sum() / (truth.sum() + (probability >= cut).sum())
        for cut in torch.arange(NUM_BINS) / NUM_BINS
    ]
    np.testing.assert_allclose(f1, naive, rtol=1e-6)
    assert naive[round(best * NUM_BINS)] == max(naive)
    strict = precision_threshold(histogram, 0.8)
    assert truth[probability >= strict].float().mean() >= 0.8
    assert truth[probability >= strict - 1 / NUM_BINS].float().mean() < 0.8
    with pytest.raises(ValueError, match="no threshold reaches"):
        precision_threshold(probability_histogram(truth, torch.full((5000,), 0.5)), 0.8)


# The counter


def count(contact, probability, batch: int, **extra) -> ContactMetrics:
    metrics = ContactMetrics(contact.shape[1])
    for start in range(0, len(contact), batch):
        rows = slice(start, start + batch)
        more = {name: each[rows] for name, each in extra.items()}
        metrics.update(contact[rows], probability[rows], **more)
    return metrics


def test_batch_size_and_order_change_nothing(rng):
    contact, probability = draw_answers(rng, (60, 40))
    contact[::5] = False
    extra = {
        "valid": torch.from_numpy(rng.random((60, 40)) < 0.9),
        "touch": torch.from_numpy(rng.random(60)),
    }
    whole = count(contact, probability, 60, **extra)
    order = torch.from_numpy(rng.permutation(60))
    shuffled = {name: each[order] for name, each in extra.items()}
    for other in (
        count(contact, probability, 7, **extra),
        count(contact[order], probability[order], 1, **shuffled),
    ):
        assert all(torch.equal(other.counts[name], whole.counts[name]) for name in whole.counts)
        assert other.compute() == whole.compute()


def test_two_counters_merge_into_one(rng):
    contact, probability = draw_answers(rng, (20, 40))
    first = count(contact[:5], probability[:5], 5)
    first.merge(count(contact[5:], probability[5:], 5))
    whole = count(contact, probability, 20)
    assert all(torch.equal(first.counts[name], whole.counts[name]) for name in whole.counts)
    with pytest.raises(ValueError, match="do not add"):
        first.merge(ContactMetrics(40, thresholds=(0.3,)))


def test_streamed_macro_scores_equal_those_of_the_sample_scores(recorded):
    contact = torch.from_numpy(unpacked(recorded["gt_bits"]))
    probability = torch.from_numpy(recorded["pred"])
    metrics = count(contact, probability, 10)
    for threshold in (0.5, 0.55, 0.95):
        scores = metrics.compute(threshold)
        samples = per_sample_scores(contact, probability, threshold)
        for policy in ("zero", "skip", "touching"):
            np.testing.assert_allclose(scores.macro[policy], macro(samples, policy), atol=1e-9)
        chosen = probability >= threshold
        hits = (contact & chosen).sum().item()
        assert scores.micro[0] == pytest.approx(hits / chosen.sum().item())
        assert scores.micro[1] == pytest.approx(hits / contact.sum().item())
        assert scores.iou == pytest.approx(hits / (contact | chosen).sum().item())


def test_best_threshold_is_the_best_of_those_tried(rng):
    contact, probability = draw_answers(rng, (30, 50))
    scores = count(contact, probability, 8).compute()
    tried = {
        cut / 100: macro(per_sample_scores(contact, probability, cut / 100))[2]
        for cut in range(1, 100)
    }
    assert scores.best_f1 == pytest.approx(max(tried.values()))
    assert tried[scores.best_threshold] == pytest.approx(max(tried.values()))
    assert scores.best_f1 > tried[0.5]


def test_false_alarms_by_hand():
    contact = torch.tensor([[True, False], [False, False], [False, False], [False, False]])
    probability = torch.tensor([[0.9, 0.9], [0.6, 0.1], [0.2, 0.1], [0.9, 0.9]])
    valid = torch.tensor([[True, True], [True, True], [True, True], [True, False]])
    touch = torch.tensor([0.9, 0.2, 0.7, 0.9])
    metrics = ContactMetrics(2)
    metrics.update(contact, probability, valid=valid, touch=touch)
    scores = metrics.compute(0.5)
    # Of the last hand it is not known whether it touches.
    assert (scores.num_hands, scores.num_touching) == (4, 1)
    assert scores.false_alarm_hands == 0.5
    assert scores.false_alarm_vertices == 0.25
    assert scores.false_alarm_touch == 0.5
    assert scores.touch_auroc == 1.0


def test_groups_score_their_own_vertices(rng):
    contact, probability = draw_answers(rng, (50, 30))
    group = np.arange(30) < 10
    scores = count(contact, probability, 50).compute(0.25, groups={"some": group}).groups["some"]
    truth, answers = contact[:, :10], probability[:, :10]
    hits = (truth & (answers >= 0.25)).sum().item()
    assert scores.recall == pytest.approx(hits / truth.sum().item())
    assert scores.precision == pytest.approx(hits / (answers >= 0.25).sum().item())
    assert scores.prevalence == pytest.approx(truth.float().mean().item())
    assert scores.average_precision == pytest.approx(
        average_precision(probability_histogram(truth, answers))
    )


def test_frequency_groups_are_thirds_in_order():
    groups = frequency_groups(np.array([0.5, 0.1, 0.3, 0.2, 0.9, 0.05]))
    assert {name: np.flatnonzero(mask).tolist() for name, mask in groups.items()} == {
        "rare": [1, 5],
        "medium": [2, 3],
        "common": [0, 4],
    }


def test_an_unlabelled_hand_is_not_counted():
    metrics = ContactMetrics(3)
    nothing = torch.zeros(1, 3, dtype=torch.bool)
    metrics.update(nothing, torch.full((1, 3), 0.9), valid=nothing, touch=torch.tensor([0.9]))
    assert all(not counted.any() for counted in metrics.counts.values())
    assert math.isnan(metrics.compute().macro["zero"][2])


def test_a_threshold_that_was_not_counted_is_refused():
    with pytest.raises(ValueError, match="was not counted"):
        ContactMetrics(3).compute(0.1234)
    assert ContactMetrics(3, thresholds=(0.1234,)).compute(0.1234).threshold == 0.1234


def test_scores_print_one_line_each(rng):
    contact, probability = draw_answers(rng, (5, 6))
    text = str(count(contact, probability, 5).compute(groups={"tip": np.ones(6, bool)}))
    assert "average precision" in text
    assert "AP tip" in text
