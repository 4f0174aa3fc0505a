"""Which samples a command works on: a dataset by name, its folder, a split, a reader's options."""

import dataclasses
import inspect
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path

from haco.data.index import READERS, open_dataset
from haco.data.readers.common import Reader
from haco.files import InputError
from haco.types import Split


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetChoice:
    """One split of one dataset, as a command line names it."""

    name: str
    """As `open_dataset` takes it, such as `dexycb/s0`."""
    root: Path | None = None
    split: Split = "train"
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)
    """What else the reader takes."""
    mano_dir: Path | None = None
    """Folder of MANO's files, for readers that pose hands; others do not ask for it."""

    def open(self, labels: Path | None = None) -> Reader:
        """Open it, with the labels that `haco data label` left in a folder if one is given.

        Raises:
            InputError: There is no such dataset, folder, option or label.
        """
        options = dict(self.options)
        if self.mano_dir is not None and "mano_dir" in options_of(self.name):
            options["mano_dir"] = self.mano_dir
        return open_dataset(self.name, self.root, split=self.split, labels=labels, **options)

    def source(self) -> dict[str, object]:
        """Say what is chosen, in words that a card can hold; where it lies does not matter."""
        source: dict[str, object] = {"dataset": self.name, "split": self.split}
        if self.options:
            source["options"] = {key: _plain(it) for key, it in sorted(self.options.items())}
        return source


def root_of(name: str, roots: Path) -> Path | None:
    """Say where a dataset lies in the folder of all datasets; made pictures lie nowhere.

    Args:
        name: As `open_dataset` takes it: `hic` lies in `roots/hic`, `packed/hic` in `roots`.
        roots: The folder.
    """
    reader = name.partition("/")[0]
    return None if reader == "synthetic" else roots if reader == "packed" else roots / reader


def options_of(name: str) -> dict[str, inspect.Parameter]:
    """List what the reader of a dataset takes beside root, split and kind.

    Raises:
        InputError: No such dataset.
    """
    reader = name.partition("/")[0]
    if reader not in READERS:
        raise InputError(f"dataset '{name}' is unknown; haco reads {', '.join(sorted(READERS))}")
    return {
        key: parameter
        for key, parameter in inspect.signature(READERS[reader]).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def parse_options(name: str, words: Sequence[str]) -> dict[str, object]:
    """Read `KEY=VALUE` words as options of a dataset's reader, each as the type it declares.

    Raises:
        InputError: The reader takes no such option, or a value is not of its type.
    """
    known, options = options_of(name), {}
    for word in words:
        key, equals, value = word.partition("=")
        key = key.replace("-", "_")
        if not equals or key not in known:
            raise InputError(
                f"option '{word}': {name} takes {', '.join(known) or 'none'}; write KEY=VALUE"
            )
        options[key] = _parse(word, value, known[key].annotation)
    return options


def _parse(word: str, value: str, annotation: object) -> object:
    kinds = typing.get_args(annotation) or (annotation,)
    if bool in kinds:
        if value.lower() not in ("true", "false"):
            raise InputError(f"option '{word}': say true or false")
        return value.lower() == "true"
    if int in kinds:
        try:
            return int(value)
        except ValueError as error:
            raise InputError(f"option '{word}': say a whole number") from error
    return value


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | float | str) else str(value)
