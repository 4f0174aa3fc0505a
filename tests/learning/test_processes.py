"""Two processes, really launched: they train as one does with the same batches."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from plain_network import PLAIN
from toys import ToyReader

from haco.data.packing import pack
from haco.learning.run_folder import read_metrics
from haco.learning.train import train

TESTS = Path(__file__).parents[1]
SCRIPT = """
import sys
from pathlib import Path
from plain_network import PLAIN
import haco

roots, out = map(Path, sys.argv[1:])
haco.train(PLAIN, roots=roots, out=out, progress=False, stop_after=2)
haco.train(PLAIN, roots=roots, out=out, progress=False, resume=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="gloo's launcher is for POSIX here")
def test_two_processes_see_the_losses_of_one(tmp_path):
    pack(ToyReader(12, seed=0, unknown=200), tmp_path / "toy-train", {}, workers=1)
    pack(ToyReader(3, seed=1), tmp_path / "toy-val", {}, workers=1)
    script, two = tmp_path / "run.py", tmp_path / "two"
    script.write_text(SCRIPT)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    folders = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
    environment = {**os.environ, "PYTHONPATH": folders, "OMP_NUM_THREADS": "1"}
    command = [*launch, str(script), str(tmp_path), str(two)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    one = train(PLAIN, roots=tmp_path, out=tmp_path / "one", progress=False).folder
    alone, together = (read_metrics(folder, "step") for folder in (one, two))
    assert [line["step"] for line in together] == list(range(6))
    for first, second in zip(alone, together, strict=True):
        for name in first.keys() - {"kind", "seconds", "waited"}:
            assert second[name] == pytest.approx(first[name], rel=0, abs=1e-5), name
    scores = [read_metrics(folder, "epoch")[-1]["average_precision"] for folder in (one, two)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)


def test_means_over_labelled_vertices_need_the_whole_batch(tmp_path):
    """Else the test above would pass without gathering: its pieces must differ from the whole."""
    pack(ToyReader(12, seed=0, unknown=200), tmp_path / "toy-train", {}, workers=1)
    pack(ToyReader(3, seed=1), tmp_path / "toy-val", {}, workers=1)
    losses = []
    for accumulate in (1, 2):
        config = dataclasses.replace(PLAIN, epochs=1, accumulate=accumulate)
        out = tmp_path / str(accumulate)
        train(config, roots=tmp_path, out=out, progress=False)
        losses.append(read_metrics(out, "step")[0]["loss"])
    assert abs(losses[0] / losses[1] - 1) > 1e-4
