"""What the predictor says of one hand, and how it is kept."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import trimesh
from jaxtyping import Bool, Float32, Int
from trimesh.exchange.ply import export_ply

from haco.files import write_atomically
from haco.pictures.colours import probability_colours
from haco.types import Side


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandContact:
    """Contact of one hand in one picture.

    Vertex i is the same place on a left hand as on a right one.
    """

    probability: Float32[np.ndarray, "778"]
    """Calibrated probability that each vertex touches something."""
    threshold: float
    """Probability from which a vertex is called touching."""
    touch: float
    """Probability that the hand touches anything at all."""
    side: Side
    box: Float32[np.ndarray, "4"]
    """xyxy in pixels of the picture, far edge outside."""
    parts: Mapping[str, float]
    """For each named part, the highest probability among its vertices."""
    vertices: Float32[np.ndarray, "778 3"]
    """The hand's surface at rest, metres, on the side of this hand."""
    faces: Int[np.ndarray, "faces 3"]
    topology: str = "open"
    """Whose 778 vertices these are: `open` or `mano`."""
    detection: float | None = None
    """How sure the detector is that this is a hand; None for a given box."""
    keypoints: Float32[np.ndarray, "21 2"] | None = None
    """Wrist, then thumb, index, middle, ring and little from base to tip, pixels; None for a given
    box."""

    @property
    def contact(self) -> Bool[np.ndarray, "778"]:
        """True where the probability reaches the threshold."""
        return self.probability >= self.threshold

    def to_json(self) -> dict[str, object]:
        """Give everything but the surface in plain Python types, as it stands in the JSON file."""
        return {
            "side": self.side,
            "box": [round(float(edge), 2) for edge in self.box],
            "touch": round(self.touch, 5),
            "threshold": round(self.threshold, 5),
            "contact_share": round(float(self.contact.mean()), 5),
            "detection": None if self.detection is None else round(self.detection, 4),
            "topology": self.topology,
            "parts": {name: round(value, 5) for name, value in self.parts.items()},
        }

    def save_ply(self, path: str | Path) -> None:
        """Write the hand's surface at rest, each vertex coloured by its probability.

        The PLY carries the probability itself too, as the vertex property `probability`.

        Args:
            path: Where to; an old file is replaced only when the new one is whole.

        Raises:
            InputError: The place cannot be written.
        """
        with write_atomically(Path(path)) as part:
            part.write_bytes(self.to_ply())

    def to_ply(self) -> bytes:
        """Give the bytes of the PLY file that `save_ply` writes."""
        colours = probability_colours(self.probability.astype(np.float64)).round()
        mesh = trimesh.Trimesh(
            self.vertices,
            self.faces,
            vertex_colors=colours.astype(np.uint8),
            vertex_attributes={"probability": self.probability},
            process=False,
        )
        return export_ply(mesh, include_attributes=True)
