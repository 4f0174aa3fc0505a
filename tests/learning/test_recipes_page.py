"""The table of recipes on the page about training holds the recipes' numbers."""

import re

import pytest

from conftest import REPOSITORY
from haco.learning.recipes import RECIPES

PAGE = (REPOSITORY / "docs/train.md").read_text("utf-8")
TABLE = PAGE.partition("\n## Recipes\n")[2].partition("\n## ")[0]
NAMES = re.findall(r"`(\w+)`", TABLE.partition("| setting |")[2].partition("\n")[0])
ROWS = re.findall(r"^\| `([\w.]+)` \| (.*) \|$", TABLE, re.MULTILINE)


def in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def test_every_recipe_has_a_column():
    assert sorted(NAMES) == sorted(RECIPES)
    assert len(ROWS) > 10


@pytest.mark.parametrize(("setting", "cells"), ROWS, ids=[row[0] for row in ROWS])
def test_numbers_of_the_recipes_are_true(setting, cells):
    for name, cell in zip(NAMES, cells.split(" | "), strict=True):
        value: object = RECIPES[name]
        for part in setting.split("."):
            value = getattr(value, part)
        assert cell == in_words(value), name
