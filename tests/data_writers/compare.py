"""Hold a reader against what the writer of its mini dataset knows."""

import numpy as np
from data_writers.truth import Truth

from haco.data.readers.common import GeometryReader, Reader
from haco.geometry.camera import transform_points
from haco.geometry.proximity import closest_point


def of(truth: dict[str, Truth], *starts: str) -> dict[str, Truth]:
    """Keep what has a key with one of these beginnings."""
    return {key: each for key, each in truth.items() if key.startswith(starts)}


def check_samples(reader: Reader, truth: dict[str, Truth], *, within: float = 1e-4) -> None:
    """Check that a reader gives just these samples, each with its surface, side and bits.

    Args:
        reader: To be checked.
        truth: By key.
        within: Metres that a vertex may be off.
    """
    samples = {sample.key: sample for sample in (reader[i] for i in range(len(reader)))}
    assert sorted(samples) == sorted(truth)
    for key, known in truth.items():
        sample = samples[key]
        assert sample.side == known.side, key
        if sample.vertices is not None:
            np.testing.assert_allclose(sample.vertices, known.vertices, atol=within, err_msg=key)
        if known.contact is not None:
            np.testing.assert_array_equal(sample.contact, known.contact, err_msg=key)


def check_scenes(reader: GeometryReader, truth: dict[str, Truth], *, within: float = 1e-4) -> None:
    """Check that distances from a reader's scenes are those that the writer knows."""
    for index in range(len(reader)):
        scene, key = reader.scene(index), reader[index].key
        assert scene is not None
        distances = [
            closest_point(
                scene.vertices,
                transform_points(target.vertices, target.T_scene_target),
                target.faces,
            ).distance
            for target in scene.targets
        ]
        known = np.abs(truth[key].distance)
        np.testing.assert_allclose(np.min(distances, axis=0), known, atol=within, err_msg=key)
