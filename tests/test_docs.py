"""Every command and every Python example that the README and the docs show is run here.

In `console` blocks a line that starts with `$ ` is a command; in `python` blocks everything is
run, block after block of one page in one namespace. A command that ends in `# refused` must fail.
They find the pictures `photo.jpg`, `mug.jpg` and the folder `holiday/` where they run, a mesh in
`things/`, in `datasets/hic` a mini dataset, each `yaml` block under the name in its first line, on
the page of models a checkpoint, on that of grasps what `haco grasp` reads, and on that of videos a
clip and its boxes.
"""

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from data_writers.hic import write_hic
from downstream.grasps import write_grasp, write_robot
from downstream.scenes import write_scene
from PIL import Image
from tensorboard.backend.event_processing import event_file_inspector

from apps.clips import write_webm
from conftest import REPOSITORY
from haco.cli import main
from haco.models import create_model
from haco.synth.engine import make_sample

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [code for found, code in BLOCK.findall(page.read_text("utf-8")) if found == language]


def commands(page: Path) -> list[str]:
    """The page's commands; a line that ends in a backslash goes on in the next."""
    text = "\n".join(blocks(page, "console")).replace("\\\n", " ")
    return [line[2:] for line in text.splitlines() if line.startswith("$ ")]


@pytest.fixture
def workplace(page, tmp_path, monkeypatch):
    """A folder with the pictures and files that the pages speak of."""
    sample = make_sample("full", 5, 0, size=320)
    for name in ("photo.jpg", "mug.jpg", "holiday/a.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(sample.image).save(path)
    (tmp_path / "things").mkdir()
    trimesh.creation.box((60, 150, 25)).export(tmp_path / "things" / "box.ply")
    write_hic(tmp_path / "datasets" / "hic")
    keys = [f"synthetic/full/3/{index}" for index in range(8)]
    np.savez(tmp_path / "theirs.npz", key=keys, probability=np.full((8, 778), 0.1, np.float32))
    if page.stem == "video":
        write_webm(tmp_path / "clip.mp4", [sample.image] * 6)
        row = ",".join(str(edge) for edge in sample.box)
        boxes = [f"{frame},{row},{sample.side}" for frame in range(6)]
        (tmp_path / "boxes.csv").write_text("\n".join(["frame,x1,y1,x2,y2,side", *boxes]))
    if page.stem == "models":
        weights = create_model("resnet-18", handling="reference").state_dict()
        torch.save({"state_dict": weights}, tmp_path / "haco_final_resnet_18_checkpoint.ckpt")
    if page.stem == "grasp":
        write_grasp(tmp_path)
        write_robot(tmp_path)
    if page.stem == "reconstruct":
        write_scene(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_settings(page: Path) -> None:
    for block in blocks(page, "yaml"):
        Path(block.partition("\n")[0].removeprefix("# ")).write_text(block, "utf-8")


def run(command: str) -> int:
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        # `make test` would run this test again, and others train: there, look whether the target
        # can be made.
        dry = ["-n"] if words[1] in ("test", "tiny", "ablation") else [f"OUT={Path.cwd() / 'out'}"]
        run_make = ["make", "-C", str(REPOSITORY), *dry, *words[1:]]
        return subprocess.run(run_make, check=False, stdout=subprocess.DEVNULL).returncode
    if words[0] == "python":
        program = [sys.executable, *words[1:]]
        return subprocess.run(program, check=False, cwd=REPOSITORY).returncode
    if words[0] == "torchrun":
        program = [sys.executable, "-m", "torch.distributed.run", *words[1:]]
        return subprocess.run(program, check=False).returncode if os.name == "posix" else 0
    if words[0] == "tensorboard":
        # It would serve until it is stopped: look whether it finds curves.
        event_file_inspector.inspect(words[words.index("--logdir") + 1])
        return 0
    assert words[0] == "haco", f"this test does not know how to run {command!r}"
    try:
        return main(words[1:])
    except SystemExit as stop:
        return int(stop.code or 0)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_shown_works(page, workplace):
    found = commands(page)
    assert found or blocks(page, "python"), f"{page.name} shows nothing to do"
    write_settings(page)
    failed = [command for command in found if (run(command) != 0) != command.endswith("# refused")]
    assert not failed


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_python_example_runs(page, workplace):
    code = "\n".join(blocks(page, "python"))
    (workplace / "page.py").write_text(code, "utf-8")
    runpy.run_path(str(workplace / "page.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
