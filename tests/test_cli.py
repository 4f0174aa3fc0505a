import subprocess
import sys

import pytest

from haco import cli_data
from haco.cli import COMMANDS, main


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
