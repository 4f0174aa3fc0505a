"""`haco evaluate`: what it prints, and its page, read back and opened in a browser."""

import html.parser
import re
import shutil
import subprocess

import numpy as np
import pytest

from haco.cli import main


class Page(html.parser.HTMLParser):
    """Collects the words of each table cell, the sources of pictures, and unclosed tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "td":
            self.cells.append("")
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        if self.cells and self.lasttag == "td":
            self.cells[-1] += data.strip()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    keys = [f"synthetic/easy/3/{index}" for index in range(6)]
    rows = np.random.default_rng(0).random((6, 778), np.float32)
    np.savez(folder / "<them>.npz", key=keys, probability=rows)
    words = ["evaluate", "--data", "synthetic/easy", "--num", "6", "--report", str(folder)]
    assert main([*words, "--predictions", str(folder / "<them>.npz")]) == 0
    return folder / "report.html"


def test_page_holds_scores_curves_and_each_hand_once(report):
    text = report.read_text("utf-8")
    page = Page(text)
    assert "average precision" in page.cells
    assert "thumb_tip_palmar" in page.cells
    assert text.count("<svg") == 2
    for index in range(6):
        assert text.count(f"synthetic/easy/3/{index}, ") == 2  # what is read aloud, and the caption
    assert "&lt;them&gt;.npz" in text


def test_page_asks_nothing_of_any_network(report):
    text = report.read_text("utf-8")
    assert all(source.startswith("data:image/") for source in Page(text).sources)
    outside = re.sub(r'xmlns="[^"]*"', "", text)
    assert "http" not in outside
    assert "url(" not in outside


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium is installed")
def test_a_click_sorts_a_table_in_a_browser(report, tmp_path):
    script = """<script>
    const table = document.querySelectorAll("table.sortable")[2];
    const column = () => [...table.tBodies[0].rows].map(row => +row.cells[1].textContent);
    table.querySelectorAll("th")[1].click(); const up = column().join();
    table.querySelectorAll("th")[1].click(); const down = column().join();
    document.title = `up ${up} down ${down}`;
    </script></html>"""
    page = tmp_path / "page.html"
    page.write_text(report.read_text("utf-8").replace("</html>", script), "utf-8")
    options = "--headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run"
    command = [
        "chromium",
        *options.split(),
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
    ]
    found = subprocess.run([*command, str(page)], capture_output=True, text=True, check=True)
    title = re.search(r"<title>up (\S+) down (\S+)</title>", found.stdout)
    assert title is not None
    up, down = ([int(each) for each in group.split(",")] for group in title.groups())
    assert up == sorted(up)
    assert down == sorted(up, reverse=True)


def test_a_map_without_predictions_is_wrong_usage(capsys):
    assert main(["evaluate", "--vertex-map", "map.npz"]) == 2
    assert "--vertex-map goes with --predictions" in capsys.readouterr().err


def test_a_threshold_of_ones_own_is_used(tmp_path, capsys):
    keys = [f"synthetic/easy/3/{index}" for index in range(2)]
    np.savez(tmp_path / "them.npz", key=keys, probability=np.full((2, 778), 0.3, np.float32))
    words = ["evaluate", "--data", "synthetic/easy", "--num", "2", "--threshold", "0.25"]
    assert main([*words, "--predictions", str(tmp_path / "them.npz")]) == 0
    assert re.search(r"micro recall at 0\.25 +1\.000", capsys.readouterr().out)
