"""The page of all datasets says what their readers do."""

import inspect
import re

import pytest

from conftest import REPOSITORY
from haco.data.index import READERS

PAGE = (REPOSITORY / "docs/datasets.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \|(.*)\|$", re.MULTILINE)
SETS = sorted(set(READERS) - {"packed"})
PUBLIC = [name for name in SETS if name not in ("folder", "synthetic")]


def rows(heading: str) -> dict[str, list[str]]:
    """Read the table under a heading: cells by the name of the set."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in ROW.findall(section)}


SHOWN = rows("What they show, and how contact is known")
SOURCES = rows("Where to get them")
QUIRKS = rows("What to mind")


def manual(name: str) -> str:
    return inspect.getdoc(inspect.getmodule(READERS[name])) or ""


def options(name: str) -> set[str]:
    return set(inspect.signature(READERS[name]).parameters)


def test_every_set_has_its_rows():
    for table in (SHOWN, SOURCES, QUIRKS):
        assert sorted(table) == SETS
        assert all(all(cells) for cells in table.values())


@pytest.mark.parametrize("name", SETS)
def test_contact_and_needs_are_those_of_the_reader(name):
    _, _, contact, needs, paper = SHOWN[name]
    assert ("computed" in contact) == hasattr(READERS[name], "scene")
    assert (paper == "yes") == ("released" in options(name))
    wanted = {"MANO": "mano_dir", "hands of bodies": "body_dir", "ShapeNet": "shapenet"}
    for word, option in (wanted | {"YCB models": "models"}).items():
        assert (word in needs) == (option in options(name)), word


@pytest.mark.parametrize("name", PUBLIC)
def test_licence_and_address_are_those_of_the_manual(name):
    words = " ".join(manual(name).split()).casefold()
    for cell in SOURCES[name]:
        assert cell.casefold() in words


@pytest.mark.parametrize("name", PUBLIC)
def test_the_tree_is_the_manuals(name):
    blocks = re.findall(r"(?:^    .*\n?)+", manual(name), re.MULTILINE)
    tree = inspect.cleandoc(blocks[0]).rstrip()
    assert f"### `{name}`\n\n```text\n{tree}\n```\n" in PAGE
