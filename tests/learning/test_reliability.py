"""Runs that are killed, starved of disk, or fed damaged data."""

import dataclasses
import errno
import json
import math
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from PIL import Image
from plain_network import PLAIN
from toys import ToyReader, damaged_picture

from haco.data.loading import CropDataset, all_batches
from haco.data.packing import pack
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.learning import checkpoint
from haco.learning.config import OptimConfig, TrainConfig
from haco.learning.run_folder import read_metrics, run_lock
from haco.learning.train import train
from haco.models.weights import load_weights

RULE = PROTOCOLS["harmonised"]
CONFIG = dataclasses.replace(PLAIN, epochs=2, batch_size=5, checkpoint_every=1)
ONE_EPOCH = dataclasses.replace(PLAIN, epochs=1, batch_size=5)
KILLED = TrainConfig(
    network="lab",
    crop_size=64,
    datasets=("packed/toy",),
    epochs=3,
    batch_size=4,
    workers=0,
    pictures=0,
    checkpoint_every=1,
    optim=OptimConfig(warm_up=0.0),
)


@pytest.fixture
def roots(tmp_path):
    folder = tmp_path / "datasets"
    pack(ToyReader(20, seed=0), folder / "toy-train", {}, workers=1)
    pack(ToyReader(3, seed=1), folder / "toy-val", {}, workers=1)
    return folder


def steps(folder) -> list[dict[str, object]]:
    lines = read_metrics(folder, "step")
    return [{name: line[name] for name in line.keys() - {"seconds", "waited"}} for line in lines]


def assert_same_run(first, second) -> None:
    assert steps(first) == steps(second)
    assert read_metrics(first, "epoch") == read_metrics(second, "epoch")
    for name in ("best.safetensors", "last.safetensors"):
        one, two = (load_weights(folder / name)[0].state_dict() for folder in (first, second))
        assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_killed_run_goes_on_to_the_same_losses(roots, tmp_path):
    unbroken, killed = tmp_path / "unbroken", tmp_path / "killed"
    train(KILLED, roots=roots, out=unbroken, progress=False)
    file = tmp_path / "run.yaml"
    file.write_text(json.dumps(dataclasses.asdict(KILLED)))
    begin = ["--config", str(file), "--roots", str(roots), "--out", str(killed)]
    kill_after(begin, killed, lines=2)
    assert 2 <= len(steps(killed)) < 15
    kill_after(["--resume", str(killed)], killed, lines=7)
    assert 7 <= len(steps(killed)) < 15
    train(KILLED, roots=roots, out=killed, resume=True, progress=False)
    assert_same_run(unbroken, killed)
    assert not list(killed.glob(".part-*"))


def kill_after(arguments, folder, *, lines) -> None:
    """Run `haco train`, and kill it with signal 9 once so many steps are logged."""
    command = [sys.executable, "-m", "haco.cli", "train", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    metrics, end = folder / "metrics.jsonl", time.monotonic() + 300
    while time.monotonic() < end and process.poll() is None:
        if metrics.exists() and metrics.read_text().count('"kind": "step"') >= lines:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_damaged_sample_stops_with_the_step_the_file_and_a_checkpoint(roots, tmp_path):
    unbroken, out = tmp_path / "unbroken", tmp_path / "damaged"
    train(CONFIG, roots=roots, out=unbroken, progress=False)
    said = r"stopped at step \d: .*toy-train: picture 3 is damaged.*haco train --resume"
    with damaged_picture(roots / "toy-train", 3), pytest.raises(InputError, match=said) as caught:
        train(CONFIG, roots=roots, out=out, progress=False)
    step = int(str(caught.value).split()[3].rstrip(":"))
    assert len(steps(out)) == step
    assert torch.load(out / "last.pt", weights_only=True)["counters"]["step"] == step
    train(CONFIG, roots=roots, out=out, resume=True, progress=False)
    assert_same_run(unbroken, out)


def test_full_disk_stops_with_the_step_the_file_and_the_last_checkpoint(
    roots, tmp_path, monkeypatch
):
    unbroken, out = tmp_path / "unbroken", tmp_path / "full"
    train(CONFIG, roots=roots, out=unbroken, progress=False)
    left = iter(range(2))
    save = torch.save

    def save_or_fail(content, path):
        if next(left, None) is None:
            path.write_bytes(b"half a checkp")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(content, path)

    monkeypatch.setattr(checkpoint.torch, "save", save_or_fail)
    said = r"stopped at step 3: .*last\.pt: cannot be written \(No space left on device\)"
    with pytest.raises(InputError, match=said):
        train(CONFIG, roots=roots, out=out, progress=False)
    monkeypatch.undo()
    assert torch.load(out / "last.pt", weights_only=True)["counters"]["step"] == 2
    assert not list(out.glob(".part-*"))
    train(CONFIG, roots=roots, out=out, resume=True, progress=False)
    assert_same_run(unbroken, out)


def test_run_does_not_go_on_with_other_data(roots, tmp_path):
    out = tmp_path / "run"
    train(CONFIG, roots=roots, out=out, stop_after=1, progress=False)
    for path in (roots / "toy-train").iterdir():
        path.unlink()
    pack(ToyReader(20, seed=7), roots / "toy-train", {}, workers=1)
    with pytest.raises(InputError, match="train packed/toy is not what it was when this run began"):
        train(CONFIG, roots=roots, out=out, resume=True, progress=False)


def test_what_a_kill_left_half_written_is_swept_away(roots, tmp_path):
    out = tmp_path / "run"
    train(CONFIG, roots=roots, out=out, stop_after=1, progress=False)
    (out / ".part-0123.pt").write_bytes(b"half")
    train(CONFIG, roots=roots, out=out, stop_after=1, resume=True, progress=False)
    assert not list(out.glob(".part-*"))


def test_full_disk_while_the_epoch_is_drawn_loses_no_step(roots, tmp_path, monkeypatch):
    config, out = dataclasses.replace(ONE_EPOCH, pictures=1), tmp_path / "run"
    train(config, roots=roots, out=tmp_path / "unbroken", progress=False)

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Image.Image, "save", fail)
    said = r"stopped at step 4: .*epoch_001\.png: cannot be written \(No space left on device\)"
    with pytest.raises(InputError, match=said):
        train(config, roots=roots, out=out, progress=False)
    monkeypatch.undo()
    counters = torch.load(out / "last.pt", weights_only=True)["counters"]
    assert (counters["step"], counters["batch"]) == (4, 4)
    assert train(config, roots=roots, out=out, resume=True, progress=False).is_finished
    assert_same_run(tmp_path / "unbroken", out)
    assert (out / "pictures" / "epoch_001.png").exists()


def test_gradient_that_is_not_finite_moves_no_weight(roots, tmp_path, monkeypatch):
    config, out = dataclasses.replace(ONE_EPOCH, checkpoint_every=1), tmp_path / "run"
    train(config, roots=roots, out=out, stop_after=2, progress=False)
    clip = torch.nn.utils.clip_grad_norm_

    def overflow(parameters, most):
        parameters = list(parameters)
        parameters[0].grad.fill_(torch.inf)
        return clip(parameters, most)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", overflow)
    with pytest.raises(FloatingPointError, match="the gradient's norm of step 2 is inf"):
        train(config, roots=roots, out=out, resume=True, progress=False)
    kept = torch.load(out / "not_finite.pt", weights_only=True)
    assert kept["crop"]["image"].shape[0] == 5
    saved = torch.load(out / "last.pt", weights_only=True)
    assert saved["counters"]["step"] == 2
    assert all(values.isfinite().all() for values in saved["network"].values())


def test_two_trainings_in_one_folder_are_refused(roots, tmp_path):
    out = tmp_path / "run"
    with run_lock(out), pytest.raises(InputError, match="run: a training goes on here"):
        train(ONE_EPOCH, roots=roots, out=out, progress=False)
    assert not out.exists()


def test_run_of_an_older_haco_goes_on(roots, tmp_path):
    out = tmp_path / "run"
    train(ONE_EPOCH, roots=roots, out=out, stop_after=1, progress=False)
    written = json.loads((out / "config.json").read_text())
    del written["labels"]  # a setting that came later
    (out / "config.json").write_text(json.dumps(written))
    assert train(ONE_EPOCH, roots=roots, out=out, resume=True, progress=False).is_finished


def test_empty_dataset_and_unknown_protocol_are_named(roots, tmp_path):
    empty = dataclasses.replace(PLAIN, datasets=("synthetic/easy",), num_train=0)
    with pytest.raises(InputError, match="synthetic/easy: its split train has no sample"):
        train(empty, roots=roots, out=tmp_path / "a", progress=False)
    strict = dataclasses.replace(PLAIN, protocol="strict")
    with pytest.raises(InputError, match="protocol 'strict' is unknown; say"):
        train(strict, roots=roots, out=tmp_path / "b", progress=False)


def test_labels_that_are_nan_are_unknown(tmp_path):
    pack(ToyReader(20, unknown=700), tmp_path / "toy-train", {}, workers=1)
    pack(ToyReader(3, seed=1), tmp_path / "toy-val", {}, workers=1)
    run = train(ONE_EPOCH, roots=tmp_path, out=tmp_path / "run", progress=False)
    assert all(math.isfinite(float(line["loss"])) for line in read_metrics(run.folder, "step"))


def test_more_workers_than_batches_are_not_started():
    batches = all_batches(CropDataset(reader=ToyReader(3), protocol=RULE), 2, workers=9)
    assert batches.loader.num_workers == 2
