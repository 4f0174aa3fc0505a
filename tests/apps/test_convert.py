"""`haco convert`: released checkpoints become weights files that say what they are."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from data_writers.mano import mano_folder
from golden_networks import state_dict

from haco.apps.convert import convert
from haco.apps.predictor import ContactPredictor
from haco.cli import main
from haco.data.transforms import crop_hand
from haco.files import InputError
from haco.models import load_weights, official

NAME = "haco_final_resnet_18_checkpoint.ckpt"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("released") / NAME
    torch.save({"epoch": 9, "state_dict": state_dict("resnet-18"), "optimizer": {}}, path)
    return path


def test_converted_weights_predict_what_the_checkpoint_does(
    checkpoint: Path, tmp_path: Path, capsys, rng
):
    out = tmp_path / "resnet-18.safetensors"
    assert main(["convert", str(checkpoint), "--out", str(out), "--licence", "CC-BY-NC-4.0"]) == 0
    assert "is the network resnet-18" in capsys.readouterr().out
    meta = load_weights(out)[1]
    assert (meta.network, meta.handling, meta.topology) == ("resnet-18", "reference", "mano")
    assert (meta.threshold, meta.licence) == (0.5, "CC-BY-NC-4.0")
    assert meta.source == f"{NAME} (SHA-256 {hashlib.sha256(checkpoint.read_bytes()).hexdigest()})"

    image, box = rng.integers(0, 255, (240, 320, 3), np.uint8), np.array([60, 40, 150, 160.0])
    predictor = ContactPredictor.load(out, mano_dir=mano_folder())
    hand = predictor(image, box=box, side="right")
    crop = torch.from_numpy(crop_hand(image, box.astype(np.float32), "right")[0])
    with torch.inference_mode():
        logits = official.load(checkpoint)(crop.permute(2, 0, 1)[None].float() / 255)
    expected = logits.vertices.sigmoid()[0].numpy()
    np.testing.assert_allclose(hand.probability, expected, atol=1e-6)
    assert hand.topology == "mano"


def test_wrong_backbone_and_wrong_suffix_are_refused(checkpoint: Path, tmp_path: Path):
    with pytest.raises(InputError, match="is a checkpoint of 'resnet-18', not of 'hamer'"):
        convert(checkpoint, tmp_path / "a.safetensors", backbone="hamer")
    with pytest.raises(InputError, match="end the name with that"):
        convert(checkpoint, tmp_path / "a.pt")
    assert list(tmp_path.iterdir()) == []
