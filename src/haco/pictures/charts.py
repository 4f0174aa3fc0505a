"""Small charts of curves in the unit square, as SVG text for web pages."""

from collections.abc import Mapping, Sequence
from html import escape

Curve = Sequence[tuple[float, float]]

_SIDE, _LEFT, _TOP, _FOOT = 300, 56, 16, 60
_COLOURS = ("#6e083c", "#0088c8", "#888888")


def unit_chart(
    curves: Mapping[str, Curve], *, across: str, upwards: str, has_diagonal: bool = False
) -> str:
    """Draw curves through points (x, y) in 0..1.

    Args:
        curves: By their names, which are written below; at most three.
        across: Name of the horizontal axis.
        upwards: Name of the vertical axis.
        has_diagonal: Draw the line on which both are equal.
    """
    parts = [_frame(across, upwards)]
    if has_diagonal:
        parts.append(_line([(0.0, 0.0), (1.0, 1.0)], "#bbbbbb", "4 4"))
    for number, (name, points) in enumerate(curves.items()):
        colour = _COLOURS[number]
        parts.append(_line(points, colour))
        y = _TOP + _SIDE + 52 + 18 * number
        parts.append(
            f'<rect x="{_LEFT}" y="{y - 8}" width="18" height="4" fill="{colour}"/>'
            f'<text x="{_LEFT + 26}" y="{y}">{escape(name)}</text>'
        )
    width, height = _SIDE + _LEFT + 20, _SIDE + _TOP + _FOOT + 18 * len(curves)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="13" role="img">{"".join(parts)}</svg>'
    )


def _frame(across: str, upwards: str) -> str:
    middle = _TOP + _SIDE / 2
    lines = [
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" fill="white" '
        'stroke="#999"/>',
        f'<text x="{_LEFT + _SIDE / 2}" y="{_TOP + _SIDE + 34}" text-anchor="middle">'
        f"{escape(across)}</text>",
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">'
        f"{escape(upwards)}</text>",
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = _LEFT + share * _SIDE, _TOP + (1 - share) * _SIDE
        lines.append(f'<text x="{x}" y="{_TOP + _SIDE + 16}" text-anchor="middle">{share:g}</text>')
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{share:g}</text>')
        if 0 < share < 1:
            lines.append(
                f'<path d="M{_LEFT} {y}h{_SIDE}M{x} {_TOP}v{_SIDE}" stroke="#e8e8e8" fill="none"/>'
            )
    return "".join(lines)


def _line(points: Curve, colour: str, dashes: str = "none") -> str:
    places = " ".join(f"{_LEFT + x * _SIDE:.1f},{_TOP + (1 - y) * _SIDE:.1f}" for x, y in points)
    return (
        f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dashes}"/>'
    )
