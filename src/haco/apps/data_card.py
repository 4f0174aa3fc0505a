"""The data card of a pack of made pictures: a page, a picture and a file of numbers beside it."""

import importlib.resources
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

from haco.apps.realism import judge, summarise
from haco.apps.synth_statistics import (
    REAL_RATIOS,
    TITLES,
    SetStatistics,
    frequency_range,
    no_contact_share,
    positive_share,
    ratio,
    statistics_of_pack,
    to_rows,
)
from haco.data.shards import read_json, write_json
from haco.data.store import read_card
from haco.files import write_atomically
from haco.hands.topologies import load_hand
from haco.pictures.frequency import draw_frequencies
from haco.synth.picture_sets import PictureSet
from haco.types import SIDES

README, NUMBERS, FREQUENCY = "README.md", "statistics.json", "frequency.png"
_OWN = (
    ("the program", "Apache-2.0"),
    ("hand: made from the MakeHuman base mesh", "CC0 1.0"),
    (
        "behind and on some things: pictures that come with scikit-image (coffee, chelsea, brick, "
        "grass, gravel; rocket, Hubble deep field)",
        "CC0 1.0; public domain",
    ),
)


def write_data_card(
    folder: Path,
    picture_set: PictureSet,
    *,
    judged: int,
    progress: Callable[[int], object] | None = None,
) -> SetStatistics:
    """Say of a finished pack of made pictures what it is; written anew each time, from the pack.

    Args:
        folder: The pack.
        picture_set: What it was made of.
        judged: How many samples are drawn again for the judge of realism; 0 leaves that out. What
            was measured of this very pack before, on as many, is not measured again.
        progress: Called with the number of samples that the judge has gone through.

    Returns:
        How much touches in it.
    """
    card = read_card(folder)
    statistics = statistics_of_pack(folder)
    realism = _realism(folder, card, picture_set, judged, progress)
    known = {"sha256": card["sha256"], **statistics.to_json(), "realism": realism}
    write_json(folder / NUMBERS, known)
    _write_frequency(folder, statistics)
    with write_atomically(folder / README) as part:
        part.write_text(_page(card, folder, statistics, realism), encoding="utf-8")
    return statistics


def _page(
    card: Mapping[str, Any],
    folder: Path,
    statistics: SetStatistics,
    realism: dict[str, Any] | None,
) -> str:
    plan = card["plan"]
    source = plan["source"]
    total = statistics.total
    folder_of_templates = importlib.resources.files("haco.apps") / "templates"
    template = jinja2.Environment(keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    return template.from_string((folder_of_templates / "data_card.md").read_text("utf-8")).render(
        num=card["packed"],
        left_out=card["left out"],
        picture_set=source["picture_set"],
        seed=source["seed"],
        size=source["size"],
        version=card["haco"],
        sha256=card["sha256"],
        command=_command(source, plan["num"], folder),
        changes=_changes(source),
        ratio=f"{ratio(total):.1f}",
        real=REAL_RATIOS,
        no_contact=f"{no_contact_share(total):.0%}",
        titles=TITLES,
        rows=to_rows(statistics),
        range=[f"{share:.2%}" for share in frequency_range(total.mean)],
        realism=_realism_words(realism),
        licences=[*_OWN, *_others_licences(source)],
        sides=", ".join(f"{number} {side}" for number, side in enumerate(SIDES)),
    )


def _command(source: Mapping[str, Any], num: int, folder: Path) -> str:
    """Give the command that makes the pack again; the maker's own folders stand as DIR."""
    words = [
        "haco synth",
        f"--set {source['picture_set'].partition('-')[0]}",
        f"--seed {source['seed']} --num {num} --size {source['size']}",
    ]
    if "shares" in source:
        words.append("--share " + " ".join(f"{k}={v:g}" for k, v in source["shares"].items()))
    if "objects" in source:
        words.append(f"--objects DIR --objects-unit {source['objects']['unit']}")
    if "backgrounds" in source:
        words.append("--backgrounds DIR")
    return " ".join([*words, f"--out {folder.name}"])


def _changes(source: Mapping[str, Any]) -> dict[str, str]:
    """Put what differs from the named picture set into words."""
    told = {}
    if "shares" in source:
        told["shares, changed"] = ", ".join(f"{k} {v:.1%}" for k, v in source["shares"].items())
    for name in ("objects", "backgrounds"):
        if name in source:
            words = (f"{what} {value}" for what, value in source[name].items())
            told[f"the maker's own {name}"] = ", ".join(words)
    return told


def _others_licences(source: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (f"the maker's own {name} (SHA-256 {source[name]['sha256']})", "not known to haco: ask")
        for name in ("objects", "backgrounds")
        if name in source
    ]


def _write_frequency(folder: Path, statistics: SetStatistics) -> None:
    total = statistics.total
    below = f"{positive_share(total):.1%} of the skin touches"
    heading = f"Where {total.num_samples} made hands touch, within 10 mm"
    picture = draw_frequencies(
        [("all hands", below, total.mean)], load_hand("open"), heading=heading
    )
    with write_atomically(folder / FREQUENCY) as part:
        Image.fromarray(picture).save(part)


def _realism(
    folder: Path,
    card: Mapping[str, Any],
    picture_set: PictureSet,
    judged: int,
    progress: Callable[[int], object] | None,
) -> dict[str, Any] | None:
    """Ask the judge, or read what it said of this very pack; None without a judge."""
    num = min(judged, int(card["plan"]["num"]))
    if num == 0 or importlib.util.find_spec("mediapipe") is None:
        return None
    path = folder / NUMBERS
    if path.exists():
        before = read_json(path)
        said = before.get("realism")
        if before.get("sha256") == card["sha256"] and said and said["samples"] == num:
            return said
    seed = card["plan"]["source"]["seed"]
    return {"samples": num, **summarise(judge(picture_set, seed, num, progress=progress))}


def _realism_words(realism: dict[str, Any] | None) -> str:
    if realism is None:
        return "Not measured: it needs `haco synth --judge N` and the extra `detect`."
    return (
        f"mediapipe, which learned hands from photographs, was shown those of the first "
        f"{realism['samples']} samples whose hand nothing hides: {realism['shown']} pictures of "
        f"256 x 256 pixels. It recognised the hand in **{realism['recognised']:.0%}** of them: a "
        f"hand of the right side, its joints on average within 15 % of the hand's size of the "
        f"truth. (Located, the side aside: {realism['located']:.0%}.)"
    )
