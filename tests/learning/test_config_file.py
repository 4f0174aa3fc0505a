"""Configs from files and recipes: laid over one another, and strict about names and types."""

import dataclasses
import json

import pytest

from haco.data.settings import Augmentation
from haco.files import InputError
from haco.learning.config import OptimConfig, TrainConfig
from haco.learning.config_file import choose_config, read_config
from haco.learning.recipes import RECIPES


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "run.yaml"
        path.write_text(text)
        return path

    return write


def test_file_changes_what_it_names_and_nothing_else(written):
    path = written(
        "recipe: paper\nnetwork: resnet-18\ndatasets: [packed/full, synthetic/easy]\n"
        "dataset_weights: [3, 1]\ndrop_path: null\n"
        "optim: {learning_rate: 1e-4, betas: [0.8, 0.9]}\nsampling: {balanced: false}\n"
    )
    paper = RECIPES["paper"]
    assert choose_config(file=path) == dataclasses.replace(
        paper,
        network="resnet-18",
        datasets=("packed/full", "synthetic/easy"),
        dataset_weights=(3.0, 1.0),
        optim=dataclasses.replace(paper.optim, learning_rate=1e-4, betas=(0.8, 0.9)),
        sampling=dataclasses.replace(paper.sampling, balanced=False),
    )


def test_recipe_that_is_given_wins_over_the_files(written):
    config = choose_config("debug", written("recipe: paper\nseed: 3\n"))
    assert config == dataclasses.replace(RECIPES["debug"], seed=3)
    assert choose_config() == RECIPES["modern"]


def test_augmentation_can_be_left_out_and_put_back(written):
    assert choose_config(file=written("augmentation: null")).augmentation is None
    config = choose_config("debug", written("augmentation: {scale: 0.1}"))
    assert config.augmentation == Augmentation(scale=0.1)


def test_config_of_a_run_reads_back(tmp_path):
    for config in (*RECIPES.values(), TrainConfig(optim=OptimConfig(betas=(0.5, 0.6)))):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(dataclasses.asdict(config)))
        assert read_config(path) == config


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("optim: {learing_rate: 1}", "'optim.learing_rate' is unknown; did you mean learning_rate"),
        ("batchsize: 3", "'batchsize' is unknown; did you mean batch_size"),
        ("zzz: 3", "'zzz' is unknown; there are network, initial_weights"),
        ("recipe: papers", "recipe 'papers' is unknown; did you mean paper"),
        ("epochs: 2.5", "epochs must be a whole number, got 2.5"),
        ("epochs: true", "epochs must be a whole number, got True"),
        ("network: 3", "network must be a text, got 3"),
        ("optim: 3", "optim must be a group of settings, got 3"),
        ("optim: {learning_rate: fast}", "optim.learning_rate must be a number, got 'fast'"),
        ("optim: {betas: [0.9]}", "optim.betas must be a list of 2 of a number"),
        ("precision: half", "precision must be one of float32, bfloat16, got 'half'"),
        ("datasets: packed/full", "datasets must be a list of any number of a text"),
        ("sampling: {balanced: 1}", "sampling.balanced must be true or false, got 1"),
        ("optim: {ema: 2}", "ema must lie in 0..1"),
        ("- 3", "holds no settings"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(written, text, said):
    path = written(text)
    with pytest.raises(InputError) as caught:
        choose_config(file=path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml: cannot be read"):
        choose_config(file=tmp_path / "none.yaml")
