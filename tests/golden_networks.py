"""The recipe by which the golden outputs were made: weights and images out of key names alone."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import torch

GOLDEN = Path(__file__).parent / "golden"
BACKBONES = tuple(
    path.name.removesuffix(".json.gz") for path in sorted((GOLDEN / "official_keys").iterdir())
)


def official_keys(backbone: str) -> dict:
    """Read which keys, shapes and kinds the released checkpoint has, in order."""
    return json.loads(gzip.decompress((GOLDEN / f"official_keys/{backbone}.json.gz").read_bytes()))


def normal(name: str, shape: tuple[int, ...]) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)


def gain(key: str, num_axes: int) -> float:
    if num_axes == 4:
        return 0.3 if ".fuse_layers." in key else 1.2
    if key.endswith(".to_kv.weight"):
        return 2.0
    if key.startswith("decoder.deccontact"):
        return 0.5
    return 0.7 if key.startswith("decoder.") else 1.0


def fill(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    leaf = key.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return torch.zeros(shape, dtype=torch.int64)
    z = normal(key, shape)
    match leaf:
        case "running_var":
            values = 1 + 0.2 * np.abs(z)
        case "running_mean" | "bias":
            values = 0.1 * z
        case "weight" if len(shape) == 1:
            values = (1 + 0.1 * z) * (0.35 if re.search(r"\.bn[23]\.weight$", key) else 1)
        case "weight":
            values = gain(key, len(shape)) * z / np.sqrt(float(np.prod(shape[1:])))
        case "pos_embed" | "cls_token":
            values = 0.2 * z
        case "pos_embedding":
            values = z
        case "init_contact":
            values = 0.5 * z
        case _:
            raise KeyError(key)
    return torch.from_numpy(values.astype(np.float32))


def state_dict(backbone: str) -> dict[str, torch.Tensor]:
    entries = official_keys(backbone)["entries"]
    return {entry["key"]: fill(entry["key"], tuple(entry["shape"])) for entry in entries}


def images(batch: int = 2, size: int = 256) -> torch.Tensor:
    z = normal("input.image", (batch, 3, size, size))
    sample, channel, row, column = np.ogrid[:batch, :3, :size, :size]
    waves = np.sin(2 * np.pi * ((channel + 1) * row + (sample + 1) * column) / size)
    return torch.from_numpy((0.5 * z + waves).astype(np.float32))


def regressor(rows: int) -> torch.Tensor:
    weights = np.exp(3 * normal(f"regressor.{rows}", (rows, 778)))
    return torch.from_numpy((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))
