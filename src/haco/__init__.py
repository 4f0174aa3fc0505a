"""Dense hand contact: from one RGB image, the probability of touch at each of 778 hand vertices.

Public names load on first use, so that `import haco` and `haco --help` stay fast.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors and type checkers, which do not run __getattr__
    from haco.apps.predictor import ContactPredictor as ContactPredictor
    from haco.apps.result import HandContact as HandContact
    from haco.data.index import open_dataset as open_dataset
    from haco.files import InputError as InputError
    from haco.files import read_image as read_image
    from haco.hands.model import HandModel as HandModel
    from haco.hands.topologies import load_hand as load_hand
    from haco.learning.evaluate import evaluate as evaluate
    from haco.learning.recipes import RECIPES as RECIPES
    from haco.learning.train import train as train
    from haco.models.networks import create_model as create_model
    from haco.types import ContactLogits as ContactLogits
    from haco.types import Crop as Crop
    from haco.types import Sample as Sample

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
    "RECIPES": "haco.learning.recipes",
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
