"""What a training run starts from: its data, its network, its loss and its optimiser."""

import torch

from haco.data.fingerprint import fingerprint
from haco.data.labels import Truth
from haco.data.statistics import count_contact
from haco.hands.topologies import load_hand
from haco.learning.checkpoint import Training
from haco.learning.config import TrainConfig
from haco.learning.optim import AveragedWeights, build_optimizer
from haco.learning.run_folder import Fingerprints
from haco.learning.sources import Known
from haco.learning.terms import build_loss_terms
from haco.models.contact_net import ContactNet
from haco.models.networks import create_model
from haco.models.pretrained import fetch_public, initialise_backbone
from haco.models.vit import set_drop_path


def fingerprints(config: TrainConfig, training: Known, validation: Known) -> Fingerprints:
    """Give size and fingerprint of each dataset of a run, by split and name.

    Args:
        config: Of the run.
        training: As `known_hands` gives it.
        validation: As `known_hands` gives it.
    """
    found, start = {}, 0
    for name, reader in zip(config.datasets, training.reader.readers, strict=True):
        rows = slice(start, start + len(reader))
        start = rows.stop
        part = Truth(training.truth.contact[rows], training.truth.valid[rows])
        found[f"train {name}"] = {"samples": len(reader), "sha256": fingerprint(reader, part)}
    for name, reader in zip(config.datasets, validation.reader.readers, strict=True):
        found[f"val {name}"] = {"samples": len(reader), "sha256": fingerprint(reader)}
    return found


def start_training(
    config: TrainConfig, truth: Truth, device: torch.device, *, has_checkpoint: bool
) -> Training:
    """Make what a run begins with; torch's generators must be seeded.

    Args:
        config: Of the run.
        truth: Of the training set.
        device: Where to compute.
        has_checkpoint: Whether a checkpoint is about to be loaded, so that initial weights need
            not be.

    Raises:
        InputError: The initial weights are missing or do not fit, or an option does not suit the
            network.
    """
    hand = load_hand("open")
    network = _network(config, has_checkpoint=has_checkpoint)
    network.set_levels(hand.levels)
    counts = count_contact(truth.contact, truth.valid)
    if config.contact_start == "mean":
        network.decoder.start_from_mean(torch.from_numpy(counts.mean).float())
    elif config.contact_start == "none":
        network.decoder.leave_out_start()
    terms = build_loss_terms(
        counts.negatives,
        counts.positives,
        faces=hand.faces,
        levels=hand.levels,
        epochs=config.epochs,
        config=config.loss,
    )
    network, terms = network.to(device), terms.to(device)
    return Training(
        network=network,
        average=AveragedWeights(network, config.optim.ema),
        terms=terms,
        optimizer=build_optimizer({"network": network, "terms": terms}, config.optim),
    )


def _network(config: TrainConfig, *, has_checkpoint: bool) -> ContactNet:
    network = create_model(config.network)
    if config.drop_path is not None:
        set_drop_path(network.backbone, config.drop_path)
    initial = config.initial_weights
    if initial is not None and not has_checkpoint:
        source = fetch_public(config.network) if initial == "public" else initial
        initialise_backbone(network, source)
    return network
