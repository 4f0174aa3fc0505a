"""The training loop: resumable to the same losses, able to learn, and stopping when it must."""

import dataclasses
import importlib.metadata
import json
import shutil

import pytest
import torch
from plain_network import PLAIN
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from toys import ToyReader

import haco
import haco.learning.start as start
from haco.data.packing import pack
from haco.data.settings import Augmentation
from haco.files import InputError
from haco.learning.config import OptimConfig, SamplingConfig, TrainConfig
from haco.learning.config_file import read_config
from haco.learning.run_folder import MetricsLog, read_metrics
from haco.learning.train import train
from haco.models.networks import create_model
from haco.models.weights import WeightsMeta, save_weights

TIMES = ("seconds", "waited")
SMALL = TrainConfig(
    network="lab",
    crop_size=64,
    datasets=("packed/toy",),
    epochs=2,
    batch_size=3,
    workers=0,
    pictures=0,
    augmentation=Augmentation(),
    optim=OptimConfig(warm_up=0.0),
)


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    folder = tmp_path_factory.mktemp("datasets")
    pack(ToyReader(7, seed=0), folder / "toy-train", {}, workers=1)
    pack(ToyReader(3, seed=1), folder / "toy-val", {}, workers=1)
    return folder


@pytest.fixture(scope="module")
def unbroken(roots, tmp_path_factory):
    return train(SMALL, roots=roots, out=tmp_path_factory.mktemp("runs") / "a", progress=False)


@pytest.fixture(scope="module")
def drawn(roots, tmp_path_factory):
    config = dataclasses.replace(PLAIN, epochs=2, pictures=2)
    return train(config, roots=roots, out=tmp_path_factory.mktemp("runs") / "p", progress=False)


def steps(folder) -> list[dict[str, object]]:
    lines = read_metrics(folder, "step")
    return [{name: line[name] for name in line if name not in TIMES} for line in lines]


def test_stopped_and_resumed_run_equals_an_unbroken_one(roots, tmp_path, unbroken):
    out = tmp_path / "b"
    stopped = train(SMALL, roots=roots, out=out, stop_after=1, progress=False)
    assert not stopped.is_finished
    train(SMALL, roots=roots, out=out, stop_after=2, resume=True, progress=False)
    assert len(steps(out)) == 3
    resumed = train(SMALL, roots=roots, out=out, resume=True, progress=False)
    assert resumed.is_finished
    assert steps(out) == steps(unbroken.folder)
    assert len(steps(out)) == 4
    assert read_metrics(out, "epoch") == read_metrics(unbroken.folder, "epoch")
    for name in ("best.safetensors", "last.safetensors"):
        assert (out / name).read_bytes() == (unbroken.folder / name).read_bytes()


def test_resuming_a_finished_run_gives_its_model(roots, unbroken):
    again = train(SMALL, roots=roots, out=unbroken.folder, resume=True, progress=False)
    assert again.is_finished
    assert len(steps(unbroken.folder)) == 4
    for one, two in zip(again.model.parameters(), unbroken.model.parameters(), strict=True):
        assert torch.equal(one, two)


def test_run_folder_says_what_was_run(unbroken):
    config = json.loads((unbroken.folder / "config.json").read_text())
    assert config == json.loads(json.dumps(dataclasses.asdict(SMALL)))
    provenance = json.loads((unbroken.folder / "run.json").read_text())
    assert {"command", "commit", "roots", "device", "haco", "threads"} <= provenance.keys()
    assert provenance["packages"]["torch"] == importlib.metadata.version("torch")
    assert {name: data["samples"] for name, data in provenance["data"].items()} == {
        "train packed/toy": 7,
        "val packed/toy": 3,
    }
    assert read_config(unbroken.folder / "config.json") == SMALL


def test_steps_record_every_loss_term(unbroken):
    first = steps(unbroken.folder)[0]
    assert {"loss", "bce_778", "bce_21", "smoothness", "touch", "keypoints", "rate"} <= first.keys()


def test_every_epoch_leaves_a_picture(drawn):
    pictures = sorted((drawn.folder / "pictures").iterdir())
    assert [path.name for path in pictures] == ["epoch_001.png", "epoch_002.png"]
    first, second = (haco.read_image(path) for path in pictures)
    assert first.shape == second.shape
    assert (first != second).any()


def test_curves_are_on_the_board(drawn):
    points = EventAccumulator(str(drawn.folder / "tensorboard")).Reload()
    losses = [(event.step, event.value) for event in points.Scalars("train/loss")]
    logged = [(line["step"], line["loss"]) for line in steps(drawn.folder)]
    assert losses == [(step, pytest.approx(loss)) for step, loss in logged]
    assert [event.step for event in points.Scalars("validation/average_precision")] == [0, 1]
    assert [event.step for event in points.Images("validation")] == [0, 1]


def test_pieces_of_a_batch_give_the_step_of_the_whole(roots, tmp_path):
    runs = []
    for accumulate in (1, 2):
        config = dataclasses.replace(PLAIN, accumulate=accumulate)
        out = tmp_path / f"k{accumulate}"
        train(config, roots=roots, out=out, progress=False)
        runs.append([line["loss"] for line in steps(out)])
    assert runs[0] == pytest.approx(runs[1], rel=1e-5)
    assert runs[0] != [runs[0][0]] * len(runs[0])


def test_batch_that_cannot_be_cut_is_refused(roots, tmp_path):
    config = dataclasses.replace(SMALL, accumulate=2)
    with pytest.raises(InputError, match="a batch of 3 cannot be cut into 2 equal pieces"):
        train(config, roots=roots, out=tmp_path / "l", progress=False)


def test_run_is_not_overwritten_and_not_resumed_as_another(roots, unbroken):
    with pytest.raises(InputError, match="holds a run already"):
        train(SMALL, roots=roots, out=unbroken.folder, progress=False)
    other = dataclasses.replace(SMALL, seed=1)
    with pytest.raises(InputError, match=r"another config \(seed was 0, not 1\)"):
        train(other, roots=roots, out=unbroken.folder, resume=True, progress=False)


def test_resuming_nothing_is_refused(roots, tmp_path):
    with pytest.raises(InputError, match="no run to resume"):
        train(SMALL, roots=roots, out=tmp_path / "none", resume=True, progress=False)


@pytest.mark.parametrize("kind", ["file", "public"])
def test_backbone_starts_from_the_weights_that_are_named(roots, tmp_path, monkeypatch, kind):
    file = tmp_path / "known.safetensors"
    known = create_model("tiny")
    for parameter in known.parameters():
        torch.nn.init.constant_(parameter, 0.25)
    save_weights(file, known, WeightsMeta(network="tiny"), is_half=False)
    monkeypatch.setattr(start, "fetch_public", {"tiny": file}.__getitem__)
    config = dataclasses.replace(
        SMALL,
        network="tiny",
        initial_weights=str(file) if kind == "file" else "public",
        optim=OptimConfig(backbone_share=0.0, ema=0.0),  # nothing moves it
    )
    out = tmp_path / "i"
    train(config, roots=roots, out=out, stop_after=1, progress=False)
    network = torch.load(out / "last.pt", weights_only=True)["network"]
    for name, _ in known.backbone.named_parameters():
        assert (network[f"backbone.{name}"] == 0.25).all(), name
    assert not (network["touch.weight"] == 0.25).any()
    file.unlink()  # a run that goes on has its own
    train(config, roots=roots, out=out, stop_after=1, resume=True, progress=False)


def test_missing_initial_weights_are_refused(roots, tmp_path):
    config = dataclasses.replace(SMALL, initial_weights="nothing.safetensors")
    with pytest.raises(InputError, match=r"nothing\.safetensors: no such checkpoint"):
        train(config, roots=roots, out=tmp_path / "j", progress=False)
    assert not (tmp_path / "j").exists()


def test_missing_dataset_leaves_no_run_behind(tmp_path):
    with pytest.raises(InputError, match="toy-train: no finished packed dataset"):
        train(SMALL, roots=tmp_path, out=tmp_path / "none", progress=False)
    assert not (tmp_path / "none").exists()


def test_damaged_checkpoint_is_named(roots, tmp_path, unbroken):
    out = shutil.copytree(unbroken.folder, tmp_path / "d")
    (out / "last.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match=r"last\.pt: cannot be resumed"):
        train(SMALL, roots=roots, out=out, resume=True, progress=False)


def test_first_loss_that_is_not_finite_stops_the_run_and_keeps_the_batch(roots, tmp_path):
    wild = dataclasses.replace(SMALL, optim=OptimConfig(learning_rate=1e30, warm_up=0.0))
    with pytest.raises(FloatingPointError, match="the loss of step 1 is"):
        train(wild, roots=roots, out=tmp_path / "e", progress=False)
    kept = torch.load(tmp_path / "e" / "not_finite.pt", weights_only=True)
    assert kept["crop"]["image"].shape == (3, 3, 64, 64)
    assert len(steps(tmp_path / "e")) == 1


def test_too_few_samples_for_a_batch_are_refused(roots, tmp_path):
    large = dataclasses.replace(SMALL, batch_size=8)
    with pytest.raises(InputError, match="7 training samples do not fill a batch of 8"):
        train(large, roots=roots, out=tmp_path / "f", progress=False)
    assert not (tmp_path / "f").exists()


@pytest.mark.slow
def test_one_batch_can_be_overfitted(roots, tmp_path):
    config = dataclasses.replace(
        SMALL,
        epochs=40,
        batch_size=6,
        augmentation=None,
        sampling=SamplingConfig(balanced=True, untouched=0.3),
        optim=OptimConfig(learning_rate=2e-3, weight_decay=0.0, ema=0.0),
    )
    run = train(config, roots=roots, out=tmp_path / "g", progress=False)
    losses = [float(line["bce_778"]) for line in read_metrics(run.folder, "step")]
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.slow
def test_bfloat16_trains(roots, tmp_path):
    half = dataclasses.replace(SMALL, precision="bfloat16")
    run = train(half, roots=roots, out=tmp_path / "h", progress=False)
    assert run.is_finished
    assert next(run.model.parameters()).dtype == torch.float32


def test_lines_after_the_checkpoint_and_half_lines_are_dropped(tmp_path):
    log = MetricsLog(tmp_path, first_step=0)
    for step in range(3):
        log.write("step", step=step, loss=0.5)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "step", "st')
    MetricsLog(tmp_path, first_step=2)
    assert [line["step"] for line in read_metrics(tmp_path, "step")] == [0, 1]


def test_scores_of_an_epoch_that_is_scored_again_are_dropped(tmp_path):
    log = MetricsLog(tmp_path, first_step=0)
    for epoch in range(2):
        log.write("step", step=epoch, epoch=epoch)
        log.write("epoch", step=epoch, epoch=epoch)
    MetricsLog(tmp_path, first_step=2, first_epoch=1)
    assert [line["epoch"] for line in read_metrics(tmp_path, "epoch")] == [0]
    assert len(read_metrics(tmp_path, "step")) == 2
