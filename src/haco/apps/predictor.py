"""From a picture to the contact of each hand in it."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np
import torch
from jaxtyping import Float, UInt8

from haco.apps.detect import DetectedHand, HandDetector, MediapipeDetector
from haco.apps.given import check_box, side_in_box
from haco.apps.result import HandContact
from haco.data.transforms import crop_hand
from haco.files import InputError
from haco.hands.model import HandModel
from haco.hands.parts import part_maxima
from haco.hands.topologies import load_hand
from haco.models.contact_net import ContactNet
from haco.models.find import load_network
from haco.models.onnx_net import OnnxNet
from haco.models.saved import push, save_folder
from haco.models.weights import WeightsMeta
from haco.types import SIDES, Side


@dataclasses.dataclass(kw_only=True)
class ContactPredictor:
    """A network with its weights, its hand and a hand detector, ready to be called.

    Example:
        >>> predictor = haco.ContactPredictor.load("tiny")
        >>> for hand in predictor(haco.read_image("mug.jpg")):
        ...     print(hand.side, hand.touch)
    """

    network: ContactNet | OnnxNet
    meta: WeightsMeta
    hands: dict[Side, HandModel]
    """The surface the weights speak of, for either side."""
    detector: HandDetector
    device: torch.device

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = "tiny",
        device: str = "cpu",
        *,
        detector: HandDetector | None = None,
        mano_dir: Path | None = None,
        revision: str | None = None,
    ) -> "ContactPredictor":
        """Load weights.

        Args:
            name_or_path: A network whose weights come with haco (`tiny`), a `.safetensors` file
                that haco wrote, an `.onnx` file of `haco export`, a folder of `save_pretrained`,
                or `owner/name` on the Hugging Face hub.
            device: Where to compute, as torch names it.
            detector: How to find hands; mediapipe's if not given.
            mano_dir: Folder of the user's MANO files, for weights that speak MANO's topology.
            revision: Branch, tag or commit on the hub.

        Raises:
            InputError: No such weights, damaged weights, or no such device.
        """
        place = _device(device)
        network, meta = load_network(name_or_path, place, revision=revision)
        hands: dict[Side, HandModel] = {
            side: load_hand(meta.topology, side=side, mano_dir=mano_dir) for side in SIDES
        }
        return cls(
            network=network,
            meta=meta,
            hands=hands,
            detector=detector or MediapipeDetector(),
            device=place,
        )

    @classmethod
    def from_pretrained(
        cls, name_or_path: str | Path, *, revision: str | None = None, device: str = "cpu"
    ) -> "ContactPredictor":
        """Load what `save_pretrained` or `push_to_hub` saved; `load` by its usual name.

        Args:
            name_or_path: As in `load`.
            revision: As in `load`.
            device: As in `load`.
        """
        return cls.load(name_or_path, device, revision=revision)

    def save_pretrained(self, folder: str | Path) -> None:
        """Save weights with all that belongs to them: config, topology, threshold, calibration.

        Args:
            folder: Made if missing. It gets `model.safetensors`, which alone holds everything,
                and for readers `config.json` and a model card.

        Raises:
            InputError: The folder cannot be written, or the network came from an ONNX file.
        """
        save_folder(Path(folder), self._weights(), self.meta)

    def push_to_hub(self, repository: str, *, private: bool = False) -> str:
        """Save to the Hugging Face hub, as whoever logged in there (`hf auth login`).

        Args:
            repository: `owner/name`; made if missing.
            private: Whether a new repository is hidden from others.

        Returns:
            The address of its page.

        Raises:
            InputError: The hub cannot be reached or refuses, or the network is an ONNX file.
        """
        return push(repository, self._weights(), self.meta, private=private)

    def _weights(self) -> ContactNet:
        if isinstance(self.network, OnnxNet):
            raise InputError("an ONNX file is saved by copying it; load the weights it came from")
        return self.network

    @overload
    def __call__(
        self, image: UInt8[np.ndarray, "height width 3"], box: None = None, side: Side | None = None
    ) -> list[HandContact]: ...
    @overload
    def __call__(
        self,
        image: UInt8[np.ndarray, "height width 3"],
        box: Sequence[float | int] | np.ndarray,
        side: Side | None = None,
    ) -> HandContact: ...

    def __call__(self, image, box=None, side=None):
        """Predict contact.

        Args:
            image: RGB.
            box: Where one hand is, xyxy in pixels; hands are looked for if not given.
            side: `left` or `right`. With a box it is that hand's; without one, only hands of
                this side are kept.

        Returns:
            One hand if a box was given; else a list, empty when no hand is seen.

        Raises:
            InputError: A box outside the picture, an unknown side, or a box whose side is
                neither given nor to be seen.
        """
        if side is not None and side not in SIDES:
            raise InputError(f"side {side!r} is unknown; say left or right")
        if box is not None:
            return self.predict(image, [self._given_hand(image, box, side)])[0]
        found = [hand for hand in self.detector(image) if side in (None, hand.side)]
        return self.predict(image, found)

    def _given_hand(
        self, image: np.ndarray, box: Sequence[float | int] | np.ndarray, side: Side | None
    ) -> DetectedHand:
        checked = check_box(box, image)
        if side is None:
            side = side_in_box(self.detector, image, checked)
        return DetectedHand(box=checked, side=side)

    def predict(
        self, image: UInt8[np.ndarray, "height width 3"], found: Sequence[DetectedHand]
    ) -> list[HandContact]:
        """Predict contact of hands whose boxes and sides are known, in one batch.

        Args:
            image: RGB.
            found: The hands.

        Returns:
            One result a hand, in the same order.

        Raises:
            InputError: The network's answer is not finite.
        """
        if not found:
            return []
        crops = np.stack([crop_hand(image, hand.box, hand.side)[0] for hand in found])
        return self.predict_crops(crops, found)

    @torch.inference_mode()
    def predict_crops(
        self, crops: UInt8[np.ndarray, "hands size size 3"], found: Sequence[DetectedHand]
    ) -> list[HandContact]:
        """Predict contact of hands that `crop_hand` has cut out already, perhaps of many frames.

        Args:
            crops: RGB, one a hand.
            found: Whose crops they are.

        Returns:
            One result a hand, in the same order.
        """
        pixels = torch.from_numpy(crops).to(self.device).permute(0, 3, 1, 2).float() / 255
        logits = self.network(pixels)
        probability, touch = self.meta.probabilities(logits)
        if not bool(torch.isfinite(probability).all() and torch.isfinite(touch).all()):
            raise InputError(
                f"these weights of '{self.meta.network}' give numbers that are not finite; they "
                "are damaged: get them, or export them, again"
            )
        return [
            self.contact(hand, vertices, float(any_touch))
            for hand, vertices, any_touch in zip(
                found, probability.cpu().numpy(), touch.cpu().numpy(), strict=True
            )
        ]

    def contact(
        self, found: DetectedHand, probability: Float[np.ndarray, " vertices"], touch: float
    ) -> HandContact:
        """Tell of a hand what its calibrated probabilities mean.

        Args:
            found: The hand.
            probability: That each vertex touches.
            touch: That the hand touches anything.
        """
        hand = self.hands[found.side]
        return HandContact(
            probability=probability.astype(np.float32),
            threshold=self.meta.threshold,
            touch=touch,
            side=found.side,
            box=found.box,
            parts=part_maxima(probability, hand.parts),
            vertices=hand.template.float().numpy(),
            faces=hand.faces.numpy(),
            topology=hand.topology,
            detection=found.score,
            keypoints=found.keypoints,
        )


def _device(name: str) -> torch.device:
    """Give a device that can be used, found out by using it."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device {name!r} cannot be used ({reason}); try cpu") from error
    return device
