"""Each way to run a network, in milliseconds a hand, beside a plain forward of the same weights.

`make bench-networks NETWORKS="resnet-50 hamer"` measures others than `tiny` and `vit-s-16`. The
ways take turns, and the best round of each counts. On one core the clock is the processor's time
for this program, which a busy machine disturbs little; on two it is the clock on the wall.
"""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.plain import plain_copy
from benchmarks.timing import RECORDS, Record
from haco.apps.export import export_onnx
from haco.apps.quantise import quantise
from haco.models.contact_net import ContactNet
from haco.models.networks import create_model
from haco.models.onnx_net import load_onnx
from haco.models.weights import WeightsMeta

DEFAULT = ("tiny", "vit-s-16")
ROUNDS = {1: 9, 16: 2}
"""How often each way runs, by the number of hands at once."""
CLOCKS = {1: time.process_time, 2: time.perf_counter}
"""What is looked at, by the number of cores."""

WAYS = ("plain", "float32", "bfloat16", "ONNX float32", "ONNX int8")

Way = Callable[[Tensor], object]


def main(names: tuple[str, ...] = DEFAULT) -> None:
    """Measure networks by name, with one core and two, one hand and sixteen; print two tables."""
    before = torch.get_num_threads()
    peaks = []
    print("ms a hand, and how many times faster than plain")
    _row("network", "cores", "batch", *WAYS)
    _row(*["---"] * (3 + len(WAYS)))
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            float32, int8 = Path(place, "n.onnx"), Path(place, "n8.onnx")
            network = create_model(name).eval()
            export_onnx(network, WeightsMeta(network=name), float32)
            quantise(float32, int8)
            for cores, clock in CLOCKS.items():
                torch.set_num_threads(cores)
                ways = _ways(network, float32, int8)
                for batch in ROUNDS:
                    title = f"{name}, {cores} core(s), {batch} at once"
                    _row(f"`{name}`", str(cores), str(batch), *_cells(title, ways, batch, clock))
            peaks.append([f"`{name}`", *(_peak(name, it) for it in (None, float32, int8))])
    print("\npeak memory in MB of a process that runs one hand; torch alone takes", _peak("", None))
    _row("network", "float32", *WAYS[-2:])
    _row(*["---"] * 4)
    for cells in peaks:
        _row(*cells)
    torch.set_num_threads(before)


def _ways(network: ContactNet, *files: Path) -> dict[str, Way]:
    def bfloat16(image: Tensor) -> object:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return network(image)

    exported = [load_onnx(path)[0] for path in files]
    return dict(zip(WAYS, (plain_copy(network), network, bfloat16, *exported), strict=True))


@torch.inference_mode()
def _cells(title: str, ways: dict[str, Way], batch: int, clock: Callable[[], float]) -> list[str]:
    image = torch.rand(batch, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ways["float32"](image), ways["plain"](image), rtol=1e-3, atol=1e-3)
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS[batch]):
        for label, way in ways.items():
            began = clock()
            way(image)
            best[label] = min(best[label], clock() - began)
    for label, it in best.items():
        RECORDS.append(Record(f"{title}: {label}", best["plain"] / batch, it / batch))
    return [f"{1e3 * it / batch:.1f} ({best['plain'] / it:.2f} x)" for it in best.values()]


def _row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def _peak(name: str, file: Path | None) -> str:
    """Run a network on one hand in a process of its own; give the most memory that it held.

    Without a name, no network is run.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run_alone, (name, file))


def _run_alone(name: str, file: Path | None) -> str:
    if name:
        network = create_model(name).eval() if file is None else load_onnx(file)[0]
        with torch.inference_mode():
            network(torch.zeros(1, 3, 256, 256))
    # Of this program alone: what getrusage tells includes the one that started it.
    status = Path("/proc/self/status").read_text("utf-8").splitlines()
    (line,) = (it for it in status if it.startswith("VmHWM:"))
    return f"{int(line.split()[1]) / 1e3:.0f}"


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or DEFAULT)
