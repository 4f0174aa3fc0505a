"""`haco calibrate`: the file it writes is the same network, with probabilities that mean more."""

import dataclasses

import numpy as np
import pytest
import safetensors.torch
import torch
from torch.testing import assert_close

from haco import ContactPredictor
from haco.cli import main
from haco.models.networks import create_model
from haco.models.weights import WeightsMeta, load_weights, parse_meta, save_weights

DATA = ["--data", "synthetic/easy", "--num", "12", "--workers", "0"]


@pytest.fixture(scope="module")
def loud(tmp_path_factory):
    """Weights whose logits were made ten times too sure."""
    path = tmp_path_factory.mktemp("loud") / "loud.safetensors"
    meta = WeightsMeta(network="lab", temperature=0.05, bias=2.0, scores={"num_samples": 3.0})
    save_weights(path, create_model("lab"), meta)
    return path


@pytest.fixture(scope="module")
def calibrated(loud):
    out = loud.with_name("honest.safetensors")
    assert main(["calibrate", str(loud), *DATA, "--bias", "vertex", "--out", str(out)]) == 0
    return out


def test_the_network_is_the_same_bit_for_bit(loud, calibrated):
    before, after = (safetensors.torch.load_file(path) for path in (loud, calibrated))
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert value.dtype == after[name].dtype
        assert torch.equal(value, after[name])


def test_temperature_and_biases_are_fitted_and_stored(calibrated):
    _, meta = load_weights(calibrated)
    assert meta.temperature > 0.1
    assert len(meta.vertex_bias) == 778
    assert max(meta.vertex_bias) > 0 > min(meta.vertex_bias)
    assert sum(meta.vertex_bias) == pytest.approx(0, abs=0.1)
    assert meta.calibrated_on.startswith("12 hands of synthetic/easy (val)")
    assert meta.scores == {}


def test_predictions_apply_the_bias_of_each_vertex(calibrated):
    predictor = ContactPredictor.load(calibrated)
    shifts = np.array(predictor.meta.vertex_bias, np.float32)
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    box = (4, 4, 60, 60)
    with_bias = predictor(image, box, "right").probability
    predictor.meta = dataclasses.replace(predictor.meta, vertex_bias=())
    without = predictor(image, box, "right").probability
    logit = [np.log(each / (1 - each)) for each in (with_bias.astype(float), without.astype(float))]
    np.testing.assert_allclose(logit[0] - logit[1], shifts, atol=1e-3)


def test_what_goes_into_other_files_keeps_the_calibration(calibrated):
    _, meta = load_weights(calibrated)
    assert parse_meta(calibrated, meta.to_json()) == meta


def test_table_and_chart_compare_before_and_after(loud, calibrated, capsys):
    out = calibrated.with_name("again.safetensors")
    assert main(["calibrate", str(loud), *DATA, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    row = next(line for line in printed.splitlines() if line.strip().startswith("log loss"))
    before, after = map(float, row.split()[-2:])
    assert after < before
    chart = out.with_name("again-reliability.svg").read_text("utf-8")
    assert chart.count("<polyline") == 3  # two curves and the diagonal


def test_a_precision_is_reached_or_refused(loud, tmp_path, capsys):
    out = tmp_path / "sure.safetensors"
    assert main(["calibrate", str(loud), *DATA, "--precision", "0.999", "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "no threshold reaches precision 0.999" in said
    assert "synthetic/easy (val)" in said
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--precision", "80"], "between 0 and 1"),
        (["--out", "x.bin"], "are .safetensors files"),
        (["--num", "1"], "two hands at least"),
    ],
)
def test_what_makes_no_sense_is_refused(words, reason, loud, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = dict(zip(DATA[::2], DATA[1::2], strict=True)) | {"--out": "x.safetensors"}
    given |= dict(zip(words[::2], words[1::2], strict=True))
    assert main(["calibrate", str(loud), *(word for pair in given.items() for word in pair)]) == 1
    assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_biases_for_another_number_of_vertices_are_refused():
    from haco.files import InputError
    from haco.types import ContactLogits

    meta = WeightsMeta(network="lab", vertex_bias=(0.5, -0.5))
    probability, _ = meta.probabilities(ContactLogits(torch.zeros(1, 2), (), None))
    assert_close(probability, torch.tensor([[0.5, -0.5]]).sigmoid())
    with pytest.raises(InputError, match="calibrated for 2 vertices"):
        meta.probabilities(ContactLogits(torch.zeros(1, 3), (), None))
