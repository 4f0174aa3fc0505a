"""What is there of a download: counted by file, by line and by name."""

import pytest

from haco.data import inventory
from haco.data.inventory import EXPECTED, Expected, take_stock


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")


def stock_of(monkeypatch, root, **expected):
    monkeypatch.setattr(inventory, "EXPECTED", {"toy": (Expected(what="x", **expected),)})
    (stock,) = take_stock("toy/kind", root)
    return stock


def test_missing_files_are_named(tmp_path, monkeypatch):
    touch(tmp_path / "set", "a/1.txt")
    touch(tmp_path, "b/3.txt")  # beside the root, where it may lie, too
    stock = stock_of(
        monkeypatch,
        tmp_path / "set",
        patterns=("a/{}.txt", "../b/{}.txt"),
        names=("1", "2", "3", "4"),
    )
    assert (stock.found, stock.missing) == (2, ("a/2.txt", "a/4.txt"))
    assert not stock.is_complete


def test_files_are_counted_where_most_of_them_lie(tmp_path, monkeypatch):
    touch(tmp_path, "new/1.jpg", "old/1.jpg", "old/2.jpg", "old/2.png")
    patterns = ("new/*.jpg", "old/*.jpg")
    assert stock_of(monkeypatch, tmp_path, patterns=patterns, numbers=(2,)).is_complete
    stock = stock_of(monkeypatch, tmp_path, patterns=patterns, numbers=(3,))
    assert (stock.found, stock.is_complete) == (2, False)


@pytest.mark.parametrize(("numbers", "is_complete"), [((5, 3), True), ((2,), False)])
def test_lines_of_lists_are_counted_in_any_version(tmp_path, monkeypatch, numbers, is_complete):
    (tmp_path / "a.txt").write_text("s1/1\r\ns1/2\n\n")
    (tmp_path / "b.txt").write_text("a title\ns2/1")
    stock = stock_of(monkeypatch, tmp_path, patterns=("*.txt",), numbers=numbers, lines=True)
    assert (stock.found, stock.is_complete) == (3, is_complete)


def test_unknown_sets_have_no_stock(tmp_path):
    assert take_stock("folder", tmp_path) == []


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_there_is_all_missing(name, tmp_path):
    stocks = take_stock(name, tmp_path)
    assert not any(stock.is_complete or stock.found for stock in stocks)
