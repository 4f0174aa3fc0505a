"""A calibrated camera of a set: where it stands, and which pixel sees a point."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Float64

from haco.data.annotations import numbers, reading
from haco.geometry.camera import project, transform_points


@dataclasses.dataclass(frozen=True, kw_only=True)
class View:
    """One camera."""

    K: Float64[np.ndarray, "3 3"]
    """Intrinsics of its pictures, pixels."""
    T_camera_world: Float64[np.ndarray, "4 4"]
    """Takes the set's world into the camera's frame, metres."""
    distortion: Float64[np.ndarray, " coefficients"] = dataclasses.field(
        default_factory=lambda: np.zeros(0)
    )
    """Of the lens, in OpenCV's order; none for a pinhole."""

    def to_camera(self, points: Float[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """Carry world points into the camera's frame, metres."""
        return transform_points(points.astype(np.float64), self.T_camera_world)

    def pixels(self, points: Float[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 2"]:
        """Find the pixels on which points of the camera's frame fall, through the lens."""
        if not self.distortion.any():
            return project(points, self.K)
        still = np.zeros(3)
        seen, _ = cv2.projectPoints(points[:, None], still, still, self.K, self.distortion)
        return seen[:, 0]

    def reaches(self, points: Float[np.ndarray, "points 3"]) -> bool:
        """Say whether all points of the camera's frame lie where its lens formula can be believed.

        It is fitted inside the picture; far outside it may turn round and bring points back in.
        """
        if not (points[:, 2] > 0).all():
            return False
        farthest = (np.linalg.norm(points[:, :2], axis=1) / points[:, 2]).max()
        radii = np.linspace(0, farthest, 100)
        ray = np.stack([radii, np.zeros(100), np.ones(100)], axis=1)
        return bool((np.diff(self.pixels(ray)[:, 0]) > 0).all())


def read_opencv_xml(path: Path) -> View:
    """Read a calibration as OpenCV writes it: CameraMatrix (3 x 4), Intrinsics, Distortion."""
    with reading(path):
        if not path.is_file():
            raise FileNotFoundError(path)
        try:
            file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
        except (SystemError, cv2.error) as error:
            raise ValueError("it is not OpenCV's XML") from error
        nodes = ("CameraMatrix", "Intrinsics", "Distortion")
        stored = {name: file.getNode(name).mat() for name in nodes}
        file.release()
    return View(
        K=numbers(stored, "Intrinsics", (3, 3), path),
        T_camera_world=square(numbers(stored, "CameraMatrix", (3, 4), path)),
        distortion=np.ravel(stored["Distortion"] if stored["Distortion"] is not None else ()),
    )


def square(matrix: Float[np.ndarray, "3 4"]) -> Float64[np.ndarray, "4 4"]:
    """Add the last row to a rotation beside a translation."""
    return np.vstack([matrix, [0.0, 0.0, 0.0, 1.0]])
