"""From any source to training crops; names load on first use."""

import importlib

_PUBLIC = {
    "open_dataset": "haco.data.index",
    "READERS": "haco.data.index",
    "Reader": "haco.data.readers.common",
    "crop_hand": "haco.data.transforms",
    "to_crop": "haco.data.transforms",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'haco.data' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
