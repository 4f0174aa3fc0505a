"""A config from a file: YAML (or JSON, which is YAML) laid over a config that is there.

    network: resnet-18
    recipe: modern
    optim:
      learning_rate: 0.001

Keys are the fields of `TrainConfig`. An unknown one, or a value of another type,
is refused by name.
"""

import contextlib
import dataclasses
import difflib
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from haco.files import InputError
from haco.learning.config import TrainConfig
from haco.learning.recipes import RECIPES

DEFAULT_RECIPE = "modern"


def choose_config(recipe: str | None = None, file: Path | None = None) -> TrainConfig:
    """Start from a recipe, and change it as a config file says.

    Args:
        recipe: A name of `RECIPES`; None takes what the file says under `recipe`, else `modern`.
        file: The file; None changes nothing.

    Raises:
        InputError: The recipe or a key is unknown, or a value makes no sense.
    """
    values = {} if file is None else _read_mapping(file)
    said = values.pop("recipe", None)
    name = next((it for it in (recipe, said) if it is not None), DEFAULT_RECIPE)
    if name not in RECIPES:
        where = f"{file}: " if recipe is None else ""
        raise InputError(f"{where}recipe '{name}' is unknown{_nearest(str(name), RECIPES)}")
    return update_config(RECIPES[name], values, str(file))


def update_config(config: TrainConfig, values: Mapping[str, Any], where: str) -> TrainConfig:
    """Change fields of a config.

    Args:
        config: To start from; left as it is.
        values: By field name; parts such as `optim` are mappings themselves.
        where: What to call the source in errors.

    Raises:
        InputError: As in `choose_config`.
    """
    return _update(config, values, where, ())


def read_config(file: Path) -> TrainConfig:
    """Read a whole config, such as a run's `config.json`."""
    return update_config(TrainConfig(), _read_mapping(file), str(file))


def _read_mapping(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{file}: cannot be read as YAML ({reason}); mend it") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise InputError(f"{file}: holds no settings; write one 'name: value' a line")
    return values


def _update(part: Any, values: Mapping[str, Any], where: str, path: tuple[str, ...]) -> Any:
    kinds = get_type_hints(type(part))
    changed = {}
    for key, value in values.items():
        place = (*path, str(key))
        if key not in kinds:
            named = f"'{'.'.join(place)}' is unknown"
            raise InputError(f"{where}: {named}{_nearest(str(key), kinds)}")
        changed[key] = _convert(value, kinds[key], getattr(part, key), where, place)
    try:
        return dataclasses.replace(part, **changed)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error


def _convert(value: Any, kind: Any, current: Any, where: str, place: tuple[str, ...]) -> Any:
    """Turn what YAML gave into a field's type."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        kinds = [each for each in get_args(kind) if each is not type(None)]
        if value is None and len(kinds) < len(get_args(kind)):
            return None
        (kind,) = kinds  # all our unions are of one type and None
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        assert isinstance(kind, type)
        return _update(kind() if current is None else current, value, where, place)
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        members = get_args(kind)
        kinds = [members[0]] * len(value) if members[-1] is ... else list(members)
        if len(kinds) == len(value):
            pairs = zip(value, kinds, strict=True)
            return tuple(_convert(each, member, None, where, place) for each, member in pairs)
    elif get_origin(kind) is Literal and value in get_args(kind):
        return value
    elif kind is float and isinstance(value, int | float | str) and not isinstance(value, bool):
        with contextlib.suppress(ValueError):
            return float(value)  # YAML takes 1e-5 for a word
    elif kind in (int, bool, str) and type(value) is kind:
        return value
    raise InputError(f"{where}: {'.'.join(place)} must be {_in_words(kind)}, got {value!r}")


def _in_words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if get_origin(kind) is tuple:
        *_, last = members = get_args(kind)
        number = "any number" if last is ... else str(len(members))
        return f"a list of {number} of {_in_words(members[0])}"
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    return names.get(kind, "a group of settings")


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
