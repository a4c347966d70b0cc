"""The result as a picture: an SVG of horizontal bars, written by hand, that a browser and a code host show as it is."""

import dataclasses
from xml.sax.saxutils import escape

COLOURS = {"found": "#b0b7c3", "bridge": "#7b8794", "ovs": "#e0a458", "node": "#2c7be5",
           "beside": "#7fb0f0", "captured": "#b9d3f7",
           "none": "#dfe3e8"}
LEFT, WIDTH, RIGHT = 300, 520, 120
BAR, GAP, GROUP = 14, 3, 16


@dataclasses.dataclass(frozen=True)
class Bar:
    key: str
    middle: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Group:
    """Bars that are compared with each other."""

    label: str
    unit: str
    bars: list[Bar]


def _text(x: float, y: float, words: str, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {extra}>{escape(words)}</text>'


def _bar(bar: Bar, y: float, scale: float, unit: str) -> list[str]:
    colour = COLOURS.get(bar.key, "#999999")
    end = LEFT + bar.middle * scale
    middle = y + BAR / 2
    return [
        f'<rect x="{LEFT}" y="{y:.1f}" width="{bar.middle * scale:.1f}" height="{BAR}" fill="{colour}"/>',
        f'<line x1="{LEFT + bar.low * scale:.1f}" x2="{LEFT + bar.high * scale:.1f}" y1="{middle:.1f}" '
        f'y2="{middle:.1f}" stroke="#1f2933" stroke-width="1.5"/>',
        _text(max(end, LEFT + bar.high * scale) + 5, y + BAR - 3, f"{bar.middle:.2f} {unit}", 'font-size="10"'),
    ]


def draw(title: str, groups: list[Group], labels: dict[str, str]) -> str:
    """Each group has a scale of its own, from 0 to its largest bar; the line in a bar is the middle half of rounds."""
    parts, y = [_text(10, 22, title, 'font-size="15" font-weight="bold"')], 40.0
    for key, label in labels.items():
        parts.append(f'<rect x="10" y="{y}" width="{BAR}" height="{BAR}" fill="{COLOURS.get(key, "#999999")}"/>')
        parts.append(_text(30, y + BAR - 3, label, 'font-size="12"'))
        y += BAR + GAP
    for group in groups:
        y += GROUP
        scale = WIDTH / max(max(bar.high, bar.middle) for bar in group.bars)
        height = len(group.bars) * (BAR + GAP)
        parts.append(_text(LEFT - 8, y + height / 2 + 2, group.label, 'font-size="12" text-anchor="end"'))
        for bar in group.bars:
            parts += _bar(bar, y, scale, group.unit)
            y += BAR + GAP
    width, height = LEFT + WIDTH + RIGHT, y + GROUP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" '
        f'height="{height:.0f}" font-family="sans-serif">\n<rect width="100%" height="100%" fill="white"/>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"
