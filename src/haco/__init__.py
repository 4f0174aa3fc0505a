"""Dense hand contact: from one RGB image, the probability of touch at each of 778 hand vertices.

Public names load on first use, so that `import haco` and `haco --help` stay fast.
"""

import importlib

__version__ = "0.1.0"

_PUBLIC = {
    "read_image": "haco.files",
    "InputError": "haco.files",
    "Sample": "haco.types",
    "Crop": "haco.types",
    "ContactLogits": "haco.types",
    "HandModel": "haco.hands",
    "load_hand": "haco.hands",
    "create_model": "haco.models",
    "open_dataset": "haco.data",
    "PRESETS": "haco.learning.config",
    "train": "haco.learning.train",
    "evaluate": "haco.learning.evaluate",
    "ContactPredictor": "haco.apps.predictor",
    "HandContact": "haco.apps.result",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'haco' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
