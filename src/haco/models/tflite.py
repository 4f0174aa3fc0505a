"""Reading the convolutions out of a TensorFlow Lite file."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from haco.files import InputError

CONVOLUTION, DEPTHWISE, DEQUANTISE = 3, 4, 6
"""Operations, as the format numbers them."""
FLOAT32, FLOAT16 = 0, 1
"""Types of tensors, as the format numbers them."""


class Convolution(NamedTuple):
    """One convolution, laid out as torch has it."""

    weight: Tensor
    """(channels out, channels in a group, rows, columns), float32."""
    bias: Tensor
    """(channels out,), float32."""


def read_convolutions(path: Path) -> list[Convolution]:
    """Read all convolutions of a TensorFlow Lite model in the order in which they run.

    Args:
        path: A `.tflite` file whose weights are float32 or float16.

    Raises:
        InputError: The file cannot be read or is no such model, or mediapipe, whose wheel knows the
            format, is not installed.
    """
    model = _open(path)
    graph = model.Subgraphs(0)
    operations = [graph.Operators(index) for index in range(graph.OperatorsLength())]
    kinds = [
        model.OperatorCodes(operation.OpcodeIndex()).DeprecatedBuiltinCode()
        for operation in operations
    ]
    # Weights that lie in half precision pass through an operation that widens them.
    stored = {
        operation.Outputs(0): operation.Inputs(0)
        for operation, kind in zip(operations, kinds, strict=True)
        if kind == DEQUANTISE
    }
    found = []
    for operation, kind in zip(operations, kinds, strict=True):
        if kind in (CONVOLUTION, DEPTHWISE):
            weight, bias = (
                _tensor(path, model, stored.get(operation.Inputs(place), operation.Inputs(place)))
                for place in (1, 2)
            )
            # From (out, rows, columns, in), or depthwise from (1, rows, columns, out).
            order = (0, 3, 1, 2) if kind == CONVOLUTION else (3, 0, 1, 2)
            found.append(Convolution(weight.permute(order).contiguous(), bias))
    return found


def _open(path: Path) -> Any:
    try:
        from mediapipe.tasks.metadata.schema_py_generated import Model
    except ImportError as error:
        raise InputError(
            f"{path}: TensorFlow Lite files are read with mediapipe 0.10.21, which is not "
            "installed; pip install 'haco[detect]' with a Python below 3.13"
        ) from error
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    if content[4:8] != b"TFL3":
        raise InputError(f"{path}: is no TensorFlow Lite model; give a .tflite file")
    return Model.GetRootAsModel(content, 0)


def _tensor(path: Path, model: Any, index: int) -> Tensor:
    entry = model.Subgraphs(0).Tensors(index)
    types = {FLOAT32: np.dtype("<f4"), FLOAT16: np.dtype("<f2")}
    if entry.Type() not in types:
        raise InputError(f"{path}: its weights are quantised; give a model with float weights")
    values = model.Buffers(entry.Buffer()).DataAsNumpy().view(types[entry.Type()])
    return torch.from_numpy(values.astype(np.float32).reshape(entry.ShapeAsNumpy()))
