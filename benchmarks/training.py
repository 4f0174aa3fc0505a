"""A training crop, and whole training steps, each beside what one would write first.

The crop is decoded from a JPEG of 640 x 480 pixels, warped and roughened; plainly it is decoded
whole, cut and resized, then turned in a second pass, and recoloured and made noisy in floats.

A step is split into data, forward, loss, backward and optimiser. Plainly it has plain crops, a
textbook forward, a loss that rebuilds its tables and goes through the samples one by one, and an
optimiser and an average that go through the parameters one by one. Crops are made between the
steps here; a run has `workers` that make them meanwhile.

`python -m benchmarks.training resnet-50` measures steps of other networks than `tiny` and
`resnet-18`.
"""

import copy
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.losses import plain_loss
from benchmarks.plain import plain_copy
from benchmarks.timing import compare
from haco.data.labels import Truth
from haco.data.loading import CropDataset, Place, collate
from haco.data.settings import Augmentation
from haco.data.transforms import to_crop
from haco.files import read_image
from haco.geometry.contact import PROTOCOLS
from haco.hands import load_hand
from haco.learning.config import LossConfig, OptimConfig, TrainConfig
from haco.learning.losses import contact_loss
from haco.learning.start import start_training
from haco.types import Sample

NUM, BATCH, ROUNDS = 16, 8, 3
BOX = np.array([210, 130, 420, 340], np.float32)
RULE, AUGMENTATION = PROTOCOLS["harmonised"], Augmentation()
PARTS = ("data", "forward", "loss", "backward", "optimiser")
Step = Callable[[Sequence[int]], list[float]]


def main(names: Sequence[str] = ("tiny", "resnet-18")) -> float:
    """Time the crop, then steps of each network; give how much faster the crop is."""
    cv2.setNumThreads(1)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        photographs = Photographs(Path(place))
        ratio = compare(
            "training crop from a JPEG of 640 x 480",
            lambda: photographs.crops.named(Place(0, 0, 0)).crop,
            lambda: photographs.plain(0, np.random.default_rng(0)),
            times=20,
            rounds=9,
        )
        check_losses(photographs)
        for name in names:
            show_steps(name, photographs)
    torch.set_num_threads(before)
    return ratio


class Photographs:
    """Made photographs with a hand's box and distances; a reader of their files."""

    def __init__(self, root: Path) -> None:
        rng = np.random.default_rng(0)
        self.root = root
        self.distance = rng.normal(0.03, 0.02, (NUM, 778)).astype(np.float32)
        for index in range(NUM):
            noise = rng.integers(0, 255, (60, 80, 3), np.uint8)
            photo = cv2.resize(noise, (640, 480), interpolation=cv2.INTER_CUBIC)
            Image.fromarray(photo).save(root / f"{index}.jpg", quality=92)
        self.crops = CropDataset(reader=self, protocol=RULE, augmentation=AUGMENTATION)

    def __len__(self) -> int:
        return NUM

    def __getitem__(self, index: int) -> Sample:
        return Sample(
            key=f"photo/{index}",
            image=read_image(self.root / f"{index}.jpg"),
            box=BOX,
            side="right",
            distance=self.distance[index],
        )

    def truth(self) -> Truth:
        """Give the truth of all."""
        contact = self.distance < RULE.threshold("*")
        return Truth(contact, np.ones_like(contact))

    def plain(self, index: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Make one crop in two passes, with colours and noise in floats."""
        image = np.asarray(Image.open(self.root / f"{index}.jpg").convert("RGB"))
        centre, half = (BOX[:2] + BOX[2:]) / 2, 0.75 * float((BOX[2:] - BOX[:2]).max())
        low, high = (centre - half).astype(int), (centre + half).astype(int)
        cut = image[max(low[1], 0) : high[1], max(low[0], 0) : high[0]]
        crop = cv2.resize(cut, (256, 256), interpolation=cv2.INTER_LINEAR)
        angle, scale = rng.normal(0, 30), 1 + 0.25 * rng.uniform(-1, 1)
        matrix = cv2.getRotationMatrix2D((128, 128), angle, scale)
        matrix[:, 2] += 25 * rng.uniform(-1, 1, 2)
        pixels = cv2.warpAffine(crop, matrix, (256, 256)).astype(np.float64)
        pixels *= rng.uniform(0.8, 1.2, 3)
        grey = pixels.mean(axis=2, keepdims=True)
        pixels = grey + rng.uniform(0.7, 1.3) * (pixels - grey)
        pixels = pixels.mean() + rng.uniform(0.75, 1.25) * (pixels - pixels.mean())
        if rng.random() < AUGMENTATION.noise_probability:
            pixels += rng.normal(0, 5, pixels.shape)
        whole = np.clip(pixels, 0, 255).astype(np.float32) / 255
        return torch.from_numpy(whole).permute(2, 0, 1), torch.from_numpy(
            self.distance[index] < RULE.threshold("*")
        )


def show_steps(name: str, photographs: Photographs) -> None:
    """Time steps of one network, ours and the plain ones in turn."""
    ours, plain = our_step(name, photographs), plain_step(name, photographs)
    places = [list(range(start, start + BATCH)) for start in range(0, NUM, BATCH)]
    times: dict[str, list[list[float]]] = {"ours": [], "plain": []}
    for number in range(ROUNDS + 1):
        for label, step in (("plain", plain), ("ours", ours)):
            seconds = step(places[number % len(places)])
            if number:  # the first warms up
                times[label].append(seconds)
    totals = {label: statistics.median(map(sum, rows)) for label, rows in times.items()}
    for label, rows in times.items():
        middle = [statistics.median(column) for column in zip(*rows, strict=True)]
        shares = "  ".join(
            f"{part} {value / sum(middle):.0%}" for part, value in zip(PARTS, middle, strict=True)
        )
        rate = 1 / totals[label]
        print(
            f"{name}, batch {BATCH}, {label}: {rate:.2f} steps/s of one core   {shares}", flush=True
        )
    print(f"{name}: {totals['plain'] / totals['ours']:.2f} x", flush=True)


def our_step(name: str, photographs: Photographs) -> Step:
    """Give the trainer's own step, part by part."""
    # Without the two side tasks, of which the plain loss knows nothing.
    config = TrainConfig(network=name, loss=LossConfig(touch=0, keypoints=0), optim=OptimConfig())
    truth, device = photographs.truth(), torch.device("cpu")
    state = start_training(config, truth, device, has_checkpoint=False)
    state.network.train()

    def step(indices: Sequence[int]) -> list[float]:
        watch = Watch()
        places = [Place(state.step, index, index) for index in indices]
        crop = collate([photographs.crops.named(place).crop for place in places])
        watch.lap()
        logits = state.network(crop.image.float() / 255)
        watch.lap()
        total, _ = contact_loss(logits, crop, state.terms, 0)
        watch.lap()
        state.optimizer.zero_grad()
        total.backward()
        watch.lap()
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), config.optim.clip)
        state.optimizer.step()
        state.average.update(state.network, state.step)
        state.step += 1
        watch.lap()
        return watch.laps

    return step


def plain_step(name: str, photographs: Photographs) -> Step:
    """Give the step that one would write first."""
    config = TrainConfig(network=name, loss=LossConfig(touch=0, keypoints=0))
    state = start_training(config, photographs.truth(), torch.device("cpu"), has_checkpoint=False)
    network, hand = plain_copy(state.network).train(), load_hand("open")
    average = copy.deepcopy(network)
    learned = [it for it in network.parameters() if it.requires_grad]
    optimizer = torch.optim.AdamW(learned, 1e-3, foreach=False)
    regressors = [level.float() for level in hand.levels]
    faces, mean, rng = hand.faces.numpy(), state.terms.mean.numpy(), np.random.default_rng(0)

    def step(indices: Sequence[int]) -> list[float]:
        watch = Watch()
        crops = [photographs.plain(index, rng) for index in indices]
        images, contact = (torch.stack(column) for column in zip(*crops, strict=True))
        watch.lap()
        logits = network(images)
        watch.lap()
        total = plain_loss(logits, contact, state.terms, regressors, faces, mean)
        watch.lap()
        optimizer.zero_grad()
        total.backward()
        watch.lap()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0, foreach=False)
        optimizer.step()
        with torch.no_grad():
            for old, new in zip(average.parameters(), network.parameters(), strict=True):
                old.copy_(0.998 * old + 0.002 * new)
        watch.lap()
        return watch.laps

    return step


class Watch:
    """Seconds of the processor between laps, so that other programs hardly matter."""

    def __init__(self) -> None:
        self.laps: list[float] = []
        self._last = time.process_time()

    def lap(self) -> None:
        """End one."""
        now = time.process_time()
        self.laps.append(now - self._last)
        self._last = now


def check_losses(photographs: Photographs) -> None:
    """See that both losses are the same number for the same logits."""
    hand = load_hand("open")
    config = TrainConfig(network="tiny", loss=LossConfig(touch=0, keypoints=0))
    state = start_training(config, photographs.truth(), torch.device("cpu"), has_checkpoint=False)
    crop = collate([to_crop(photographs[index], RULE) for index in (0, 1)])
    logits = state.network.eval()(crop.image.float() / 255)
    regressors = [level.float() for level in hand.levels]
    plain = plain_loss(
        logits, crop.contact, state.terms, regressors, hand.faces.numpy(), state.terms.mean.numpy()
    )
    ours, _ = contact_loss(logits, crop, state.terms, 0)
    torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or ("tiny", "resnet-18"))
