"""What every reader with geometry has to get right, against the truth of its mini dataset."""

import numpy as np
from data_writers.common import Mini, Truth, union

from haco.data.readers.common import GeometryReader, Scene
from haco.geometry.boxes import box_of_points
from haco.geometry.camera import transform_points
from haco.geometry.proximity import signed_distance

TOLERANCE = 2e-6
"""Metres."""


def scene_distance(scene: Scene) -> np.ndarray:
    """Measure naively: every target is carried into the scene, the hand stays."""
    return union(
        *(
            signed_distance(
                scene.vertices,
                transform_points(target.vertices, target.T_scene_target),
                target.faces,
            )
            for target in scene.targets
        )
    )


def assert_reads(reader: GeometryReader, mini: Mini) -> None:
    """Compare all samples with their truth, in the writer's order."""
    assert isinstance(reader, GeometryReader)
    assert [reader[index].key for index in range(len(reader))] == [t.key for t in mini.truths]
    for index, truth in enumerate(mini.truths):
        assert_sample(reader, index, truth)
        scene = reader.scene(index)
        assert scene is not None
        for target in scene.targets:
            R = target.T_scene_target[:3, :3]
            np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-5, err_msg="not rigid")
        # Contact is known by construction: some vertices touch, most do not.
        assert 10 < (truth.distance < 0.005).sum() < 700
        np.testing.assert_allclose(scene_distance(scene), truth.distance, atol=TOLERANCE)


def assert_sample(reader: GeometryReader, index: int, truth: Truth) -> None:
    """Compare picture, side, surface, box, joints and camera of one sample."""
    sample = reader[index]
    assert sample.side == truth.side
    assert np.abs(sample.image.astype(int) - truth.colour).max() <= 3, "another picture"
    np.testing.assert_allclose(sample.vertices, truth.vertices, atol=TOLERANCE)
    np.testing.assert_allclose(sample.K, truth.K, rtol=1e-6)
    pixels = truth.pixels(truth.vertices)
    np.testing.assert_allclose(sample.box, box_of_points(pixels), atol=0.01)
    np.testing.assert_allclose(sample.keypoints, truth.pixels(truth.joints), atol=0.01)
    assert sample.distance is None
    np.testing.assert_array_equal(sample.contact, truth.contact)


def write_released(mini: Mini, name: str, split: str = "train") -> np.ndarray:
    """Write a released label file beside the set, and give its bits."""
    folder = mini.root / "preprocessed_data" / split / "contact_data"
    folder.mkdir(parents=True)
    bits = np.arange(778) % 5 == 0
    np.save(folder / f"{name}.npy", bits.astype(int))
    return bits
