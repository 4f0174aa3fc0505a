"""Contact of several hands: one batch through `tiny`, against one hand after the other."""

import torch

from benchmarks.timing import compare
from haco.models.networks import create_model

HANDS = 16


def main() -> None:
    """Compare the two on one core, and print what one hand alone takes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    network = create_model("tiny").eval()
    crops = torch.rand(HANDS, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        compare(
            f"tiny on {HANDS} hands, one core",
            lambda: network(crops),
            lambda: [network(crop[None]) for crop in crops],
        )
    torch.set_num_threads(threads)
