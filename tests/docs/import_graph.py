"""The picture of which part imports which, drawn from the code: `python -m tests.docs.import_graph` renews it."""

from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from tests.test_architecture import LAYERS, imported, modules

PICTURE = Path(__file__).parents[2] / "docs" / "imports.svg"

WIDTH, ROW, BOX, TEXT = 960, 64, 30, 13


def parts() -> list[list[str]]:
    """The parts of every layer, from the bottom up; the composition root stands above all."""
    below = [list(names) for names in LAYERS if "cli" not in names]
    above = [list(names) for names in LAYERS if "cli" in names]
    return [*below, ["app"], *above]


def part(module: str, known: Iterable[str]) -> str | None:
    """The part that a module belongs to."""
    found = [name for name in known if module == name or module.startswith(f"{name}.")]
    return max(found, key=len, default=None)


def edges(known: list[str]) -> set[tuple[str, str]]:
    """Which part imports which."""
    found = set()
    for module, path in modules().items():
        origin = part(module, known)
        for name in imported(path, module):
            target = part(name.removeprefix("strongback."), known) if name.startswith("strongback.") else None
            if origin is not None and target is not None and origin != target:
                found.add((origin, target))
    return found


def places(rows: list[list[str]]) -> dict[str, tuple[float, float]]:
    """The middle of every box, the lowest layer at the bottom."""
    found = {}
    for number, names in enumerate(rows):
        y = ROW * (len(rows) - number) - ROW / 2
        for column, name in enumerate(names):
            found[name] = (WIDTH * (column + 1) / (len(names) + 1), y)
    return found


def draw() -> str:
    """The picture as SVG."""
    rows = parts()
    at = places(rows)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {ROW * len(rows)}" font-family="sans-serif"'
        f' font-size="{TEXT}" text-anchor="middle">',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for origin, target in sorted(edges(list(at))):
        (x1, y1), (x2, y2) = at[origin], at[target]
        bend = (y1 + y2) / 2
        lines.append(
            f'<path d="M{x1:.0f} {y1 + BOX / 2:.0f}C{x1:.0f} {bend:.0f} {x2:.0f} {bend:.0f} {x2:.0f} {y2 - BOX / 2:.0f}"'
            ' fill="none" stroke="#9ab" stroke-width="0.8"/>'
        )
    for name, (x, y) in at.items():
        width = 16 + 8 * len(name)
        lines.append(
            f'<rect x="{x - width / 2:.0f}" y="{y - BOX / 2:.0f}" width="{width}" height="{BOX}" rx="6" fill="#eef4fa"'
            f' stroke="#567"/><text x="{x:.0f}" y="{y + TEXT / 3:.0f}">{escape(name)}</text>'
        )
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(draw())
