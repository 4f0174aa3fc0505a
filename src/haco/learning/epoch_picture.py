"""A picture of a few validation hands, the same each epoch: what is true, and what is said."""

import numpy as np
from jaxtyping import UInt8

from haco.data.loading import collate
from haco.data.readers.common import Reader
from haco.data.transforms import CROP_FACTOR, to_crop
from haco.geometry.contact import ContactProtocol
from haco.hands.model import HandModel
from haco.hands.parts import part_maxima
from haco.learning.evaluate import predict
from haco.models.contact_net import ContactNet
from haco.models.weights import WeightsMeta
from haco.pictures.comparison import Comparison, draw_comparison
from haco.pictures.overlay import HandPanel
from haco.types import Crop

_THRESHOLD = 0.5


def draw_epoch(
    network: ContactNet,
    reader: Reader,
    protocol: ContactProtocol,
    hand: HandModel,
    *,
    num: int,
    size: int,
    heading: str,
) -> UInt8[np.ndarray, "height width 3"]:
    """Draw a few samples, evenly spread over a set, with their truth and a network's answer.

    Every hand is drawn as the network sees it: cropped, and a left hand mirrored.

    Args:
        network: In any mode, on any device.
        reader: The set; which samples are drawn depends on its length alone.
        protocol: Says what touches.
        hand: Whose surface is drawn.
        num: How many samples.
        size: Pixels along each side of the crops that the network sees.
        heading: One line over everything.
    """
    places = np.unique(np.linspace(0, len(reader) - 1, num).astype(int))
    samples = [reader[int(place)] for place in places]
    crops = [to_crop(sample, protocol) for sample in samples]
    seen = [to_crop(sample, protocol, size=size) for sample in samples]
    logits = predict(network, collate(seen))
    vertices, touch = (
        values.cpu().numpy() for values in WeightsMeta(network="").probabilities(logits)
    )
    rows = []
    for sample, crop, said, touches in zip(samples, crops, vertices, touch, strict=True):
        contact = crop.contact.numpy()
        side = "a left hand, mirrored" if sample.side == "left" else "a right hand"
        share = f"{contact.mean():.0%} of the skin touches" if contact.any() else "touches nothing"
        rows.append(
            Comparison(
                image=crop.image.permute(1, 2, 0).numpy(),
                truth=_panel("truth", contact.astype(np.float32), float(contact.any()), crop, hand),
                prediction=_panel("prediction", said, float(touches), crop, hand),
                caption=f"{sample.key}: {side}, {sample.interaction}; {share}",
            )
        )
    return draw_comparison(rows, hand, threshold=_THRESHOLD, heading=heading)


def _panel(
    title: str, probability: np.ndarray, touch: float, crop: Crop, hand: HandModel
) -> HandPanel:
    size = crop.image.shape[-1]
    margin = size * (1 - 1 / CROP_FACTOR) / 2  # what the crop shows around the hand's box
    return HandPanel(
        box=np.array([margin, margin, size - margin, size - margin], np.float32),
        side="right",
        probability=probability,
        touch=touch,
        parts=part_maxima(probability, hand.parts),
        title=title,
    )
