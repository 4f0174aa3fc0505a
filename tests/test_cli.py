import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from haco import cli_data
from haco.cli import COMMANDS, main
from haco.learning.recipes import RECIPES


def leave_status(arguments):
    try:
        return main(arguments)
    except SystemExit as stop:
        return stop.code


def test_importing_and_help_load_no_torch():
    code = (
        "import sys, haco, haco.cli; haco.cli.main(['--help']); haco.__version__\n"
        "heavy = {'torch', 'cv2', 'numba', 'scipy', 'trimesh'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_overview_names_every_command_with_what_it_does(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert f"  {name}" in printed
        assert command.__doc__.splitlines()[0] in printed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_each_of_its_options(name, capsys):
    assert leave_status([name, "--help"]) == 0
    assert "usage: haco " + name in capsys.readouterr().out


def test_overview_of_the_data_commands_names_each_with_what_it_does(capsys):
    assert main(["data", "--help"]) == 0
    printed = capsys.readouterr().out
    for name, command in cli_data.COMMANDS.items():
        assert f"  {name}" in printed
        assert command.__doc__.splitlines()[0] in printed


@pytest.mark.parametrize("name", cli_data.COMMANDS)
def test_every_data_command_explains_each_of_its_options(name, capsys):
    assert leave_status(["data", name, "--help"]) == 0
    printed = capsys.readouterr().out
    assert f"usage: haco data {name}" in printed
    assert "NAME" in printed


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["frobnicate"],
        ["predict", "--out", "x"],
        ["predict", "a.jpg"],
        ["predict", "a.jpg", "--out", "x", "--side", "up"],
        ["predict", "a.jpg", "--out", "x", "--box", "1", "2", "3"],
        ["predict", "a.jpg", "b.jpg", "--out", "x", "--box", "1", "2", "3", "4"],
        ["predict", "a.jpg", "--out", "x", "--frob"],
        ["synth", "--clips", "1", "--objects", "x"],
        ["data"],
        ["data", "frobnicate"],
        ["data", "label", "--out", "x"],
        ["data", "label", "hic"],
        ["data", "label", "hic", "--out", "x", "--split", "all"],
    ],
)
def test_wrong_usage_leaves_with_2(arguments, capsys):
    assert leave_status(arguments) == 2


def test_bad_weights_are_one_line_and_leave_with_1(tmp_path, capsys):
    weights = tmp_path / "w.safetensors"
    weights.write_bytes(b"nothing")
    assert main(["predict", "a.jpg", "--out", str(tmp_path), "--weights", str(weights)]) == 1
    printed = capsys.readouterr().err
    assert str(weights) in printed
    assert printed.count("\n") == 1


@pytest.fixture
def train_call(monkeypatch):
    """What `haco train` would train, and where."""
    import haco.apps.learn as learn

    calls = {}
    monkeypatch.setattr(
        learn,
        "train_command",
        lambda config, out, **rest: calls.update(config=config, out=out) or 0,
    )
    return calls


def test_options_change_the_file_which_changes_the_recipe(train_call, tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text("seed: 1\nepochs: 7\n")
    words = "train resnet-18 --recipe paper --config FILE --data a b --data-weights 1 2"
    words += " --seed 2 --optim.clip 0.5 --augmentation.scale 0.1 --out runs/x"
    assert main([str(file) if word == "FILE" else word for word in words.split()]) == 0
    paper = RECIPES["paper"]
    assert train_call["config"] == dataclasses.replace(
        paper,
        network="resnet-18",
        datasets=("a", "b"),
        dataset_weights=(1.0, 2.0),
        seed=2,
        epochs=7,
        optim=dataclasses.replace(paper.optim, clip=0.5),
        augmentation=dataclasses.replace(paper.augmentation, scale=0.1),
    )
    assert train_call["out"] == Path("runs/x")


def test_recipe_alone_is_taken_as_it_is(train_call):
    assert main(["train", "--recipe=debug", "--out", "x"]) == 0
    assert train_call["config"] == RECIPES["debug"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["train", "tiny"], 2),
        (["train", "--resume", "runs/x", "--epochs", "3"], 2),
        (["train", "tiny", "--out", "x", "--frob", "3"], 2),
        (["train", "tiny", "--out", "x", "--recipe", "pper"], 1),
        (["train", "--resume", "nothing/here"], 1),
    ],
)
def test_wrong_training_is_refused(arguments, status, capsys):
    assert leave_status(arguments) == status
    assert "raceback" not in capsys.readouterr().err
