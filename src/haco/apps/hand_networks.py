"""The two hand networks that come in mediapipe 0.10.21's wheel: one finds palms, one places joints.

They run as small mediapipe graphs of our own, so that we see every palm and every score, not only
those that pass mediapipe's own cuts. The models are Google's, Apache-2.0.
"""

import contextlib
import dataclasses
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from haco.files import InputError

PALM_SIZE, JOINTS_SIZE = 192, 224
"""Sides of the pictures that the two networks read, pixels."""
LOWEST_PALM_SCORE = 0.3


@dataclasses.dataclass(frozen=True)
class Palm:
    """Where the first network sees a palm, in pixels of its view."""

    score: float
    centre: Float[np.ndarray, "2"]
    side: float
    """Of the square around the palm."""
    wrist: Float[np.ndarray, "2"]
    knuckle: Float[np.ndarray, "2"]
    """Base of the middle finger; wrist to knuckle is the way the hand points."""


@dataclasses.dataclass(frozen=True)
class Joints:
    """What the second network sees, in pixels of its view."""

    keypoints: Float[np.ndarray, "21 2"]
    """Wrist, then thumb, index, middle, ring and little from base to tip."""
    presence: float
    """How sure it is that a hand is there, 0 to 1."""
    right: float
    """How sure it is that, as the view shows it, the hand is a right one, 0 to 1."""


@runtime_checkable
class HandNetworks(Protocol):
    """Two networks that read small square pictures."""

    def palms(self, view: UInt8[np.ndarray, "192 192 3"]) -> list[Palm]:
        """Find palms at any place and angle, a palm being a sixth of the view or more."""
        ...

    def joints(self, view: UInt8[np.ndarray, "224 224 3"]) -> Joints:
        """Place the joints of one hand in the middle of the view, pointing up."""
        ...


_READ = """
input_stream: "image"
node {{
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image"
  output_stream: "TENSORS:input"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_width: {size} output_tensor_height: {size} keep_aspect_ratio: true
    output_tensor_float_range {{ min: 0 max: 1 }} }} }}
}}
node {{
  calculator: "TfLiteCustomOpResolverCalculator"
  output_side_packet: "OP_RESOLVER:operations"
}}
node {{
  calculator: "InferenceCalculatorCpu"
  input_stream: "TENSORS:input"
  output_stream: "TENSORS:output"
  input_side_packet: "OP_RESOLVER:operations"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
    model_path: "{model}" delegate {{ xnnpack {{ num_threads: 1 }} }} }} }}
}}
"""

_PALM_GRAPH = (
    _READ.format(
        size=PALM_SIZE, model="mediapipe/modules/palm_detection/palm_detection_full.tflite"
    )
    + f"""
output_stream: "palms"
node {{
  calculator: "SsdAnchorsCalculator"
  output_side_packet: "anchors"
  options {{ [mediapipe.SsdAnchorsCalculatorOptions.ext] {{
    input_size_width: 192 input_size_height: 192 min_scale: 0.1484375 max_scale: 0.75
    anchor_offset_x: 0.5 anchor_offset_y: 0.5 num_layers: 4 aspect_ratios: 1
    strides: [8, 16, 16, 16] fixed_anchor_size: true }} }}
}}
node {{
  calculator: "TensorsToDetectionsCalculator"
  input_stream: "TENSORS:output"
  output_stream: "DETECTIONS:raw"
  input_side_packet: "ANCHORS:anchors"
  options {{ [mediapipe.TensorsToDetectionsCalculatorOptions.ext] {{
    num_classes: 1 num_boxes: 2016 num_coords: 18 box_coord_offset: 0
    x_scale: 192 y_scale: 192 w_scale: 192 h_scale: 192
    keypoint_coord_offset: 4 num_keypoints: 7 num_values_per_keypoint: 2
    reverse_output_order: true sigmoid_score: true score_clipping_thresh: 100
    min_score_thresh: {LOWEST_PALM_SCORE} }} }}
}}
node {{
  calculator: "NonMaxSuppressionCalculator"
  input_stream: "raw"
  output_stream: "palms"
  options {{ [mediapipe.NonMaxSuppressionCalculatorOptions.ext] {{
    min_suppression_threshold: 0.3 overlap_type: INTERSECTION_OVER_UNION algorithm: WEIGHTED }} }}
}}
"""
)

_JOINTS_GRAPH = (
    _READ.format(
        size=JOINTS_SIZE, model="mediapipe/modules/hand_landmark/hand_landmark_full.tflite"
    )
    + f"""
output_stream: "keypoints"
output_stream: "presence"
output_stream: "right"
node {{
  calculator: "SplitTensorVectorCalculator"
  input_stream: "output"
  output_stream: "keypoint_tensor"
  output_stream: "presence_tensor"
  output_stream: "right_tensor"
  options {{ [mediapipe.SplitVectorCalculatorOptions.ext] {{
    ranges {{ begin: 0 end: 1 }} ranges {{ begin: 1 end: 2 }} ranges {{ begin: 2 end: 3 }} }} }}
}}
node {{
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:presence_tensor"
  output_stream: "FLOAT:presence"
}}
node {{
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:right_tensor"
  output_stream: "FLOAT:right"
}}
node {{
  calculator: "TensorsToLandmarksCalculator"
  input_stream: "TENSORS:keypoint_tensor"
  output_stream: "NORM_LANDMARKS:keypoints"
  options {{ [mediapipe.TensorsToLandmarksCalculatorOptions.ext] {{
    num_landmarks: 21 input_image_width: {JOINTS_SIZE} input_image_height: {JOINTS_SIZE} }} }}
}}
"""
)


class MediapipeNetworks:
    """Mediapipe's palm and hand landmark models. One thread at a time."""

    def __init__(self):
        """Load both models.

        Raises:
            InputError: mediapipe 0.10.21 is not installed.
        """
        with _quiet_stderr():
            self._palms = _start(_PALM_GRAPH)
            self._joints = _start(_JOINTS_GRAPH)
            # The first picture of each makes the models' last remarks.
            self.palms(np.zeros((PALM_SIZE, PALM_SIZE, 3), np.uint8))
            self.joints(np.zeros((JOINTS_SIZE, JOINTS_SIZE, 3), np.uint8))

    def palms(self, view: UInt8[np.ndarray, "192 192 3"]) -> list[Palm]:
        """Find palms at any place and angle, a palm being a sixth of the view or more."""
        found = self._palms.process(view).palms or []
        return [_palm(detection) for detection in found]

    def joints(self, view: UInt8[np.ndarray, "224 224 3"]) -> Joints:
        """Place the joints of one hand in the middle of the view, pointing up."""
        seen = self._joints.process(view)
        places = np.array([(point.x, point.y) for point in seen.keypoints.landmark])
        # Mediapipe names sides as in a mirror: this is its score for "Left", so of a right hand.
        return Joints(_pixels(places, JOINTS_SIZE), float(seen.presence), float(seen.right))


def _palm(detection: Any) -> Palm:
    place = detection.location_data
    box = place.relative_bounding_box
    points = _pixels(
        np.array([(point.x, point.y) for point in place.relative_keypoints]), PALM_SIZE
    )
    middle = np.array([[box.xmin + box.width / 2, box.ymin + box.height / 2]])
    return Palm(
        score=float(detection.score[0]),
        centre=_pixels(middle, PALM_SIZE)[0],
        side=max(box.width, box.height) * PALM_SIZE,
        wrist=points[0],
        knuckle=points[2],
    )


def _pixels(fractions: Float[np.ndarray, "points 2"], size: int) -> Float[np.ndarray, "points 2"]:
    """Turn fractions of the view, edge to edge, into pixels, whose centres are whole numbers."""
    return fractions * size - 0.5


def _start(graph: str) -> Any:
    try:
        import mediapipe.python.solutions.hands  # noqa: F401 - makes the graphs' options known
        from google.protobuf import text_format
        from mediapipe.calculators.tensor import tensors_to_floats_calculator_pb2  # noqa: F401
        from mediapipe.framework import calculator_pb2
        from mediapipe.python.solution_base import SolutionBase
    except ImportError as error:
        raise InputError(
            "hands cannot be looked for without mediapipe 0.10.21; "
            "pip install 'haco[detect]' with a Python below 3.13, or pass --box and --side"
        ) from error
    messages: Any = calculator_pb2  # generated code, which the type checker cannot see into
    return SolutionBase(graph_config=text_format.Parse(graph, messages.CalculatorGraphConfig()))


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keep what C++ libraries write to stderr from the user, unless something fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
