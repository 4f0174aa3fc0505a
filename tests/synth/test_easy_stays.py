"""The picture set `easy` never changes: weights and scores that were published rest on it."""

import hashlib
import json
from pathlib import Path

import llvmlite.binding
import numpy as np
import pytest

from haco.synth.engine import make_sample

EXPECTED = Path(__file__).with_name("easy_samples.json")
"""Written by running this file: `python tests/synth/test_easy_stays.py`."""
FIELDS = ("image", "box", "distance", "vertices", "keypoints", "K")
NUM, SEED, SIZE = 10, 7, 64


def machine() -> str:
    """Compiled code may round otherwise on another kind of processor."""
    return llvmlite.binding.get_host_cpu_name()


def describe() -> dict:
    samples = [make_sample("easy", SEED, index, size=SIZE) for index in range(NUM)]
    whole = hashlib.sha256()
    for sample in samples:
        for field in FIELDS:
            whole.update(getattr(sample, field).tobytes())
        whole.update(f"{sample.key} {sample.side} {sample.interaction}".encode())
    return {
        "machine": machine(),
        "sha256": whole.hexdigest(),
        "interactions": [sample.interaction for sample in samples],
        "boxes": [sample.box.astype(float).round(3).tolist() for sample in samples],
        "mean_grey": [round(float(sample.image.mean()), 2) for sample in samples],
        "mean_distance": [round(float(sample.distance.mean()), 5) for sample in samples],
    }


def test_easy_is_what_it_was():
    expected, now = json.loads(EXPECTED.read_text()), describe()
    assert now["interactions"] == expected["interactions"]
    np.testing.assert_allclose(now["boxes"], expected["boxes"], atol=0.05)
    np.testing.assert_allclose(now["mean_grey"], expected["mean_grey"], atol=0.5)
    np.testing.assert_allclose(now["mean_distance"], expected["mean_distance"], atol=1e-4)


def test_easy_is_what_it_was_to_the_byte():
    expected = json.loads(EXPECTED.read_text())
    if machine() != expected["machine"]:
        pytest.skip(f"bytes are known for processors of the kind {expected['machine']}")
    assert describe()["sha256"] == expected["sha256"]


if __name__ == "__main__":
    EXPECTED.write_text(json.dumps(describe(), indent=1) + "\n")
