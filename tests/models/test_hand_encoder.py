"""The encoder of `tiny`: with mediapipe's weights it computes what mediapipe computes."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from haco.files import InputError
from haco.models import create_model
from haco.models.hand_encoder import KEPT, HandEncoder, SameConv, installed_landmark_model
from haco.models.pretrained import fetch_public, initialise_backbone
from haco.models.tflite import _open, _tensor, read_convolutions

pytest.importorskip("mediapipe")


@pytest.fixture(scope="module")
def encoder() -> HandEncoder:
    encoder = HandEncoder(channels=8, size=224)
    encoder.start_from(installed_landmark_model())
    return encoder.eval()


def landmarks(encoder: HandEncoder, view: np.ndarray) -> np.ndarray:
    """Run the trunk, and after it the model's own head, read from its file: 21 places in pixels."""
    path = installed_landmark_model()
    widen, around = read_convolutions(path)[-2:]
    model = _open(path)
    graph = model.Subgraphs(0)
    operations = [graph.Operators(index) for index in range(graph.OperatorsLength())]
    # The head's matrix (63, 1152) lies in half precision, as everything does: its source's index.
    halves = {op.Outputs(0): op.Inputs(0) for op in operations}
    (head,) = (op for op in operations if op.Outputs(0) == graph.Outputs(0))
    matrix, bias = (_tensor(path, model, halves[head.Inputs(place)]) for place in (1, 2))
    features = torch.from_numpy(view).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        features = encoder.stem(features).clamp(0, 6)
        for block in encoder.blocks:
            features = block(features)
        features = nn.functional.conv2d(features, widen.weight, widen.bias).clamp(0, 6)
        features = nn.functional.conv2d(
            features, around.weight, around.bias, padding=1, groups=1152
        ).clamp(0, 6)
        points = features.mean((2, 3)) @ matrix.T + bias
    return points.reshape(21, 3)[:, :2].numpy()


def test_trunk_computes_what_mediapipe_computes(encoder: HandEncoder):
    from haco.apps.hand_networks import MediapipeNetworks

    noise = np.random.default_rng(0).integers(0, 256, (14, 14, 3), dtype=np.uint8)
    view = cv2.resize(noise, (224, 224), interpolation=cv2.INTER_CUBIC)
    expected = MediapipeNetworks().joints(view).keypoints
    np.testing.assert_allclose(landmarks(encoder, view) - 0.5, expected, atol=0.01)


def test_features_are_at_stride_16_of_the_size():
    encoder = HandEncoder(channels=8, size=160)
    assert encoder(torch.rand(2, 3, 256, 256)).shape == (2, 8, 10, 10)


def test_a_stride_pads_below_and_right_as_tensorflow_does():
    convolution = SameConv(1, 1, size=3, stride=2)
    with torch.no_grad():
        convolution.weight.fill_(1)
        convolution.bias.zero_()
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    # The first window starts at the first pixel; the last one reaches over the far edges.
    expected = torch.tensor([[[[45.0, 39.0], [66.0, 50.0]]]])
    torch.testing.assert_close(convolution(image), expected)


def test_first_blocks_are_held_still():
    encoder = HandEncoder(channels=8, size=160)
    held = {name for name, p in encoder.named_parameters() if not p.requires_grad}
    parts = ["stem.", *(f"blocks.{index}." for index in range(KEPT))]
    assert held == {n for n, _ in encoder.named_parameters() if n.startswith(tuple(parts))}


def test_tiny_starts_from_the_installed_model(encoder: HandEncoder):
    model = create_model("tiny")
    initialise_backbone(model, fetch_public("tiny"))
    trunk = {k: v for k, v in encoder.state_dict().items() if k.startswith(("stem.", "blocks."))}
    assert len(trunk) == 2 * 45
    found = model.backbone.state_dict()
    assert all(torch.equal(found[key], value) for key, value in trunk.items())


def test_another_model_is_refused():
    other = installed_landmark_model().parent / "hand_landmark_lite.tflite"
    with pytest.raises(InputError, match="is not mediapipe's hand_landmark_full"):
        HandEncoder(channels=8, size=160).start_from(other)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path):
    path = tmp_path / "noise.tflite"
    path.write_bytes(b"0123456789")
    with pytest.raises(InputError, match="is no TensorFlow Lite model"):
        HandEncoder(channels=8, size=160).start_from(path)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"gone\.tflite: cannot be read"):
        HandEncoder(channels=8, size=160).start_from(tmp_path / "gone.tflite")
