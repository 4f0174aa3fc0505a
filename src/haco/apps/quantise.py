"""Eight-bit weights for an exported network, and what that costs in accuracy."""

import dataclasses
import logging
from pathlib import Path

import torch

from haco.data.loading import CropDataset, all_batches
from haco.data.readers.common import Reader
from haco.files import write_atomically
from haco.geometry.contact import PROTOCOLS
from haco.learning.histograms import NUM_BINS, average_precision, probability_histogram
from haco.models.contact_net import ContactNet
from haco.models.onnx_net import OnnxNet
from haco.models.weights import WeightsMeta

LAYERS = ("MatMul", "Gemm")
"""Operators with weights of eight bits. Convolutions stay: eight-bit ones are slower on CPUs."""


@dataclasses.dataclass(frozen=True)
class Loss:
    """What a cheaper network loses against the one it was made from, on the same hands."""

    num_hands: int
    before: float | None
    """Average precision of the original; None where the truth is of another hand's vertices."""
    after: float | None
    """Average precision of the cheaper one."""
    agreement: float
    """Average precision of the cheaper one with the original's contact as the truth; NaN where the
    original sees no contact at all."""
    flipped: float
    """Share of vertices that the two decide otherwise."""


def quantise(source: Path, out: Path) -> None:
    """Store an ONNX file's matrices as 8-bit integers; activations are scaled as they come.

    Args:
        source: A float32 file of `export_onnx`.
        out: The file to write.

    Raises:
        InputError: `out` cannot be written.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().addFilter(_not_advice)
    try:
        with write_atomically(out) as part:
            quantize_dynamic(
                source,
                part,
                op_types_to_quantize=list(LAYERS),
                weight_type=QuantType.QInt8,
                per_channel=True,
                # Without this, older CPUs overflow when they add two products of eight bits.
                reduce_range=True,
            )
    finally:
        logging.getLogger().removeFilter(_not_advice)


def _not_advice(record: logging.LogRecord) -> bool:
    """Drop the library's advice to prepare the model: it is for static quantisation."""
    return "Please consider to run pre-processing" not in record.getMessage()


@torch.inference_mode()
def measure_loss(original: ContactNet, cheaper: OnnxNet, meta: WeightsMeta, reader: Reader) -> Loss:
    """Score two networks on the same hands.

    Args:
        original: On the CPU.
        cheaper: Made from it.
        meta: Of both.
        reader: Hands whose contact on the open hand is known.
    """
    dataset = CropDataset(reader=reader, protocol=PROTOCOLS[meta.protocol])
    original = original.eval()
    before, after, agreement = (torch.zeros(2, NUM_BINS, dtype=torch.int64) for _ in range(3))
    flipped = total = 0
    for crop, _, _ in all_batches(dataset, 16):
        image = crop.image.float() / 255
        first, second = (meta.probabilities(it(image))[0] for it in (original, cheaper))
        decided = first >= meta.threshold
        truth = crop.contact[crop.valid]
        before += probability_histogram(truth, first[crop.valid])
        after += probability_histogram(truth, second[crop.valid])
        agreement += probability_histogram(decided, second)
        flipped += int((decided != (second >= meta.threshold)).sum())
        total += decided.numel()
    is_known = meta.topology == "open"
    return Loss(
        num_hands=len(reader),
        before=average_precision(before) if is_known else None,
        after=average_precision(after) if is_known else None,
        agreement=average_precision(agreement),
        flipped=flipped / total,
    )
