"""The command `haco train`: a recipe, a config file and options make one config."""

import argparse
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from haco.arguments import Folder, OptionalFolder
from haco.learning.config import TrainConfig
from haco.learning.config_file import DEFAULT_RECIPE, choose_config
from haco.learning.recipes import RECIPES

# Nothing here may import torch before a command runs: `haco train --help` must answer at once.

OptionalFile = Annotated[Path | None, tyro.conf.arg(metavar="FILE")]
Recipe = Annotated[str, tyro.conf.arg(metavar="{" + ",".join(RECIPES) + "}")]


def train(
    *,
    options: Annotated[TrainConfig, tyro.conf.arg(name="")] = RECIPES[DEFAULT_RECIPE],
    out: Folder,
    recipe: Recipe = DEFAULT_RECIPE,
    config: OptionalFile = None,
    roots: Folder = Path("datasets"),
    device: str = "cpu",
) -> int:
    """Train a network; killed at any moment, it goes on with haco train --resume RUN.

    A recipe says how to train; a config file changes it, and options change that once more. With
    --recipe or --config, --help shows what they give each option. The run's folder holds its
    config, the command, metrics.jsonl, a checkpoint, and the best and last weights.

    Examples:
    haco train tiny --recipe debug --out runs/try
    haco train resnet-18 --recipe modern --data packed/full --out runs/resnet
    haco train --config run.yaml --optim.learning-rate 1e-4 --out runs/slower
    haco train --resume runs/slower

    Args:
        options: What the recipe and the config file give.
        out: Folder of the run.
        recipe: How to train.
        config: Settings in YAML, by the names of these options with underscores.
        roots: Folder that the datasets lie in.
        device: Where to compute: cpu, cuda, mps.
    """
    del recipe, config  # `run` has read them: they are in the options
    from haco.apps.learn import train_command

    return train_command(options, out, roots=roots, device=device)


def resume(*, resume: Folder, roots: OptionalFolder = None, device: str | None = None) -> int:
    """Go on with a training run that was stopped, as it was begun.

    Args:
        resume: Folder of the run.
        roots: Folder that the datasets lie in, if they have moved.
        device: Where to compute, if elsewhere than before.
    """
    from haco.apps.learn import resume_command

    return resume_command(resume, roots=roots, device=device)


def run(words: Sequence[str]) -> int:
    """Run `haco train` with the words that follow it."""
    command = resume
    if not any(word.partition("=")[0] == "--resume" for word in words):
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("--recipe", nargs="?")
        parser.add_argument("--config", type=Path, nargs="?")
        known, _ = parser.parse_known_args(words)
        command = functools.partial(train, options=choose_config(known.recipe, known.config))
    # Whatever may be None is an option, not a choice between commands.
    avoid = (tyro.conf.AvoidSubcommands,)
    return tyro.cli(command, prog="haco train", args=words, config=avoid)
