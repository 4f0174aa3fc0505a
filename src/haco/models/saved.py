"""A network saved whole: a folder with weights, readable config and model card, or the same on the
Hugging Face hub.
"""

import json
import tempfile
from pathlib import Path

from haco.files import InputError, write_atomically
from haco.models.card import model_card
from haco.models.contact_net import ContactNet
from haco.models.find import CONFIG_NAME, WEIGHTS_NAME
from haco.models.weights import WeightsMeta, save_weights

CARD_NAME = "README.md"


def save_folder(folder: Path, model: ContactNet, meta: WeightsMeta, *, name: str = "") -> None:
    """Write a folder that `ContactPredictor.from_pretrained` reads.

    The weights file alone holds everything: network, topology, threshold, calibration, licence,
    provenance, scores. The config is a copy of that for readers, and the card says it in words.

    Args:
        folder: Made if missing; files of the same names are replaced.
        model: The network.
        meta: What is known about it.
        name: What the card calls it; the folder's name if empty.

    Raises:
        InputError: The folder cannot be written, or a weight is not finite.
    """
    if folder.is_file():
        raise InputError(f"{folder}: is a file; name a folder to save into")
    save_weights(folder / WEIGHTS_NAME, model, meta, is_half=False)
    config = {"model_type": "haco", **json.loads(meta.to_json())}
    texts = {
        CONFIG_NAME: json.dumps(config, indent=2) + "\n",
        CARD_NAME: model_card(name or folder.resolve().name, meta),
    }
    for file, text in texts.items():
        with write_atomically(folder / file) as part:
            part.write_text(text, "utf-8")


def push(
    repository: str,
    model: ContactNet,
    meta: WeightsMeta,
    *,
    private: bool = False,
    message: str = "Add weights",
) -> str:
    """Save to the Hugging Face hub, as the user who logged in with `hf auth login`.

    Args:
        repository: `owner/name`; made if missing.
        model: The network.
        meta: What is known about it.
        private: Whether a new repository is hidden from others.
        message: Of the commit.

    Returns:
        The address of its page.

    Raises:
        InputError: The hub cannot be reached, or refuses.
    """
    from haco.models.hub import upload_folder

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        save_folder(folder, model, meta, name=repository.rpartition("/")[2])
        return upload_folder(repository, folder, private=private, message=message)
