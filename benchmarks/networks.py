"""Each way to run a network, in milliseconds a hand, beside a plain forward of the same weights.

`python -m benchmarks.networks resnet-50 hamer` measures others than `tiny` and `vit-s-16`. The
ways take turns, and the median of each counts, so that a busy machine slows all of them alike.
"""

import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.plain import plain_copy
from haco.apps.export import export_onnx
from haco.apps.quantise import quantise
from haco.models.contact_net import ContactNet
from haco.models.networks import create_model
from haco.models.onnx_net import load_onnx
from haco.models.weights import WeightsMeta

DEFAULT = ("tiny", "vit-s-16")
ROUNDS = 9

Way = Callable[[Tensor], object]


def main(names: tuple[str, ...] = DEFAULT) -> None:
    """Measure networks by name: with one core and two, one hand and sixteen."""
    before = torch.get_num_threads()
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            network = create_model(name).eval()
            files = {"ONNX float32": Path(place, "n.onnx"), "ONNX int8": Path(place, "n8.onnx")}
            export_onnx(network, WeightsMeta(network=name), files["ONNX float32"])
            quantise(*files.values())
            for cores in (1, 2):
                torch.set_num_threads(cores)
                ways = _ways(network, files)
                for batch in (1, 16):
                    _show(f"{name}, {cores} core(s), batch {batch}", ways, batch)
            for label, file in {"float32": None, **files}.items():
                print(f"{name}: peak memory of a process with {label}: {_peak(name, file)} MiB")
    torch.set_num_threads(before)


def _ways(network: ContactNet, files: dict[str, Path]) -> dict[str, Way]:
    def bfloat16(image: Tensor) -> object:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return network(image)

    exported = {label: load_onnx(path)[0] for label, path in files.items()}
    return {"plain": plain_copy(network), "float32": network, "bfloat16": bfloat16, **exported}


@torch.inference_mode()
def _show(title: str, ways: dict[str, Way], batch: int) -> None:
    image = torch.rand(batch, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    ours, plain = ways["float32"](image), ways["plain"](image)
    torch.testing.assert_close(ours, plain, rtol=1e-3, atol=1e-3)
    seconds: dict[str, list[float]] = {label: [] for label in ways}
    for number in range(ROUNDS if batch == 1 else 3):
        for label, way in ways.items():
            if number == 0:
                way(image)  # warm up
            began = time.perf_counter()
            way(image)
            seconds[label].append(time.perf_counter() - began)
    middle = {label: statistics.median(taken) for label, taken in seconds.items()}
    told = "   ".join(
        f"{label} {1e3 * it / batch:.1f} ({middle['plain'] / it:.2f} x)"
        for label, it in middle.items()
    )
    print(f"{title}: ms a hand: {told}", flush=True)


def _peak(name: str, file: Path | None) -> int:
    """Run a network on one hand in a process of its own; give the most memory that it held."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run_alone, (name, file))


def _run_alone(name: str, file: Path | None) -> int:
    network = create_model(name).eval() if file is None else load_onnx(file)[0]
    with torch.inference_mode():
        network(torch.zeros(1, 3, 256, 256))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or DEFAULT)
