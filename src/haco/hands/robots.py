"""Contact of a robot's hand: of each link, that of the human parts it stands for."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import yaml

from haco.files import InputError
from haco.hands.parts import PART_NAMES

PartsMap = Mapping[str, tuple[str, ...]]
"""For links of a robot, the named parts of a human hand that each stands for."""


def read_links(path: Path) -> tuple[str, ...]:
    """Read the names of a robot's links.

    Args:
        path: A URDF file.

    Raises:
        InputError: Missing, not XML, or not a robot.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except (OSError, ElementTree.ParseError) as error:
        raise InputError(f"{path}: cannot be read as URDF ({error})") from error
    links = tuple(link.get("name", "") for link in root.findall("link"))
    if root.tag != "robot" or not links:
        raise InputError(f"{path}: is no URDF, which has <robot> with <link>s in it")
    return links


def read_parts_map(path: Path, links: tuple[str, ...]) -> PartsMap:
    """Read which parts of a human hand each link stands for.

    Args:
        path: YAML, such as `index_tip: [index_tip_palmar, index_tip_dorsal]` for each link.
        links: Those that the robot has.

    Raises:
        InputError: Missing, not YAML, or it names a link or part that there is not.
    """
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML ({error})") from error
    if not isinstance(found, dict) or not all(isinstance(each, list) for each in found.values()):
        raise InputError(f"{path}: must give a list of parts for each link, as link: [part, part]")
    for link, parts in found.items():
        if link not in links:
            raise InputError(f"{path}: the robot has no link '{link}'; it has {', '.join(links)}")
        for part in parts:
            if part not in PART_NAMES:
                raise InputError(
                    f"{path}: '{part}' of link '{link}' is no part of a hand; these are: "
                    f"{', '.join(PART_NAMES)}"
                )
    return {link: tuple(parts) for link, parts in found.items()}


def link_contact(parts: Mapping[str, float], chosen: PartsMap) -> dict[str, float]:
    """Give each link the highest probability among its parts.

    Args:
        parts: Of each named part the probability that it touches.
        chosen: Which parts each link stands for.
    """
    return {
        link: max((parts[name] for name in names), default=0.0) for link, names in chosen.items()
    }
