"""What happens between epochs: the averaged weights are scored, drawn and kept."""

import dataclasses
import logging
from pathlib import Path

from PIL import Image

from haco.data.labels import Truth
from haco.data.readers.common import Reader
from haco.data.statistics import count_contact
from haco.files import write_atomically
from haco.geometry.contact import PROTOCOLS
from haco.hands.topologies import load_hand
from haco.learning.board import Board
from haco.learning.checkpoint import Training
from haco.learning.config import TrainConfig
from haco.learning.epoch_picture import draw_epoch
from haco.learning.evaluate import Scores, evaluate
from haco.learning.run_folder import BEST, LAST, MetricsLog, run_command
from haco.models.weights import WeightsMeta, save_weights

logger = logging.getLogger(__name__)

PICTURES = "pictures"
"""Folder of the pictures, one an epoch."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Validation:
    """What every validation of a run needs."""

    config: TrainConfig
    out: Path
    """Folder of the run."""
    reader: Reader
    """What to validate on."""
    truth: Truth
    """Of the training set, whose mean contact is the answer to beat."""

    def run(self, state: Training, log: MetricsLog, board: Board | None) -> Scores:
        """Score the averaged weights, and keep them as the last and, if they are, as the best.

        Args:
            state: At the end of an epoch; its `best` may rise.
            log: Gets the scores.
            board: Gets the scores and a picture.
        """
        config = self.config
        scores = evaluate(
            state.average.network,
            self.reader,
            protocol=config.protocol,
            mean_map=count_contact(self.truth.contact, self.truth.valid).mean,
            batch_size=config.batch_size,
            workers=config.workers,
            size=config.crop_size,
        )
        named = scores.as_dict()
        logger.info("epoch %d of %d\n%s", state.epoch, config.epochs, scores)
        log.write("epoch", step=state.step - 1, epoch=state.epoch - 1, **named)
        self._keep(state, named)
        if board is not None:
            board.write("validation", named, state.step - 1)
        if config.pictures:
            self._draw(state, board)
        return scores

    def _keep(self, state: Training, named: dict[str, float]) -> None:
        config, kept = self.config, [LAST]
        meta = WeightsMeta(
            network=config.network,
            protocol=config.protocol,
            command=run_command(self.out),
            picture_set=", ".join(config.datasets),
            seed=config.seed,
            scores=named,
        )
        if named["average_precision"] > state.best:
            state.best, kept = named["average_precision"], [LAST, BEST]
        for name in kept:
            save_weights(self.out / name, state.average.network, meta, is_half=False)

    def _draw(self, state: Training, board: Board | None) -> None:
        heading = f"After epoch {state.epoch} of {self.config.epochs}: validation hands"
        picture = draw_epoch(
            state.average.network,
            self.reader,
            PROTOCOLS[self.config.protocol],
            load_hand("open"),
            num=self.config.pictures,
            size=self.config.crop_size,
            heading=heading,
        )
        with write_atomically(self.out / PICTURES / f"epoch_{state.epoch:03}.png") as part:
            Image.fromarray(picture).save(part)
        if board is not None:
            board.show(picture, state.step - 1)
