"""What is written for one picture: overlay, JSON, NPZ and a PLY for each hand."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

import haco
from haco.apps.fitted import fit_report
from haco.apps.result import HandContact
from haco.files import write_atomically
from haco.hands.model import HandModel
from haco.pictures.overlay import HandPanel, draw_overlay
from haco.pictures.posed import draw_posed_hands
from haco.types import NUM_VERTICES


def overlay(
    image: UInt8[np.ndarray, "height width 3"],
    hands: Sequence[HandContact],
    surface: HandModel,
    *,
    threshold: float,
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw the picture with its hands marked and each hand's contact beside it."""
    panels = [
        HandPanel(
            box=hand.box,
            side=hand.side,
            probability=hand.probability,
            touch=hand.touch,
            parts=hand.parts,
        )
        for hand in hands
    ]
    return draw_overlay(image, panels, surface, threshold=threshold)


def write_report(
    out: Path,
    stem: str,
    *,
    source: Path,
    image: UInt8[np.ndarray, "height width 3"],
    hands: Sequence[HandContact],
    surface: HandModel,
    threshold: float,
    weights: str,
) -> None:
    """Write `<stem>.json`, `.png`, `.npz` and `<stem>_<i>.ply` for each hand: all, or none.

    Where joints were seen, too, `<stem>_fit.png` shows the hands posed over the photo.

    Args:
        out: Folder; made if missing.
        stem: Name of the files without suffix.
        source: The picture's own path, noted in the JSON.
        image: RGB.
        hands: What the predictor said.
        surface: The right hand that the overlay draws.
        threshold: Probability from which a vertex is called touching.
        weights: Name of the weights, noted in the JSON.

    Raises:
        InputError: The folder cannot be written.
    """
    told = [hand.to_json() for hand in hands]
    record = {
        "image": str(source),
        "width": image.shape[1],
        "height": image.shape[0],
        "weights": weights,
        "haco": haco.__version__,
        "hands": told,
    }
    posed = fit_report(surface, hands)
    for number, hand in posed.items():
        told[number]["fit"] = {
            "error": round(hand.error, 2),
            "drawn": hand.is_close,
        }
    # Renamed in reverse order, when all are written: who sees the JSON can rely on the rest.
    with contextlib.ExitStack() as stack:
        place = {
            suffix: stack.enter_context(write_atomically(out / f"{stem}{suffix}"))
            for suffix in (".json", ".png", ".npz")
        }
        for index, hand in enumerate(hands):
            ply = stack.enter_context(write_atomically(out / f"{stem}_{index}.ply"))
            ply.write_bytes(hand.to_ply())
        if posed:
            fit = stack.enter_context(write_atomically(out / f"{stem}_fit.png"))
            drawn = draw_posed_hands(image, list(posed.values()), threshold=threshold)
            Image.fromarray(drawn).save(fit)
        place[".json"].write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        Image.fromarray(overlay(image, hands, surface, threshold=threshold)).save(place[".png"])
        np.savez_compressed(place[".npz"], **_arrays(hands))


def _arrays(hands: Sequence[HandContact]) -> dict[str, np.ndarray]:
    """Stack the hands; with no hand, the first axis has length 0."""
    vertices, edges = (len(hands), NUM_VERTICES), (len(hands), 4)
    return {
        "probability": np.array([h.probability for h in hands], np.float32).reshape(vertices),
        "contact": np.array([h.contact for h in hands], bool).reshape(vertices),
        "touch": np.array([h.touch for h in hands], np.float32),
        "threshold": np.array([h.threshold for h in hands], np.float32),
        "side": np.array([h.side for h in hands], "U5"),
        "box": np.array([h.box for h in hands], np.float32).reshape(edges),
    }
