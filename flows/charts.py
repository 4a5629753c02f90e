"""Charts of the report, as SVG that stands in the page itself: no script, and nothing that is fetched.

Colour never tells alone: planned is dashed or hollow, done is solid, and what is late is written beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree

from flows.format import amount

__all__ = ["Dated", "Line", "bars", "lines", "timeline"]

WIDTH = 520
GREY, BLUE, ORANGE, RED, INK = "#8a94a3", "#1f5fa8", "#c2570c", "#b42318", "#1d2733"


@dataclass(frozen=True)
class Dated:
    """Something with a planned and a foreseen day."""

    name: str
    planned_on: date | None
    foreseen_on: date | None
    is_met: bool = False


@dataclass(frozen=True)
class Line:
    """A named curve; a value of None interrupts it."""

    name: str
    points: Sequence[tuple[date, float | None]]
    colour: str = BLUE
    dashed: bool = False


class _Drawing:
    def __init__(self, height: int, title: str) -> None:
        self.root = ElementTree.Element(
            "svg", {"viewBox": f"0 0 {WIDTH} {height}", "role": "img", "aria-label": title, "class": "chart"}
        )
        ElementTree.SubElement(self.root, "title").text = title

    def add(self, tag: str, text: str | None = None, **given: object) -> None:
        named = {name.rstrip("_").replace("_", "-"): _short(value) for name, value in given.items()}
        ElementTree.SubElement(self.root, tag, named).text = text

    def text(self, x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK, size: int = 11) -> None:
        self.add("text", words, x=x, y=y, text_anchor=anchor, fill=colour, font_size=size)

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, dash: str = "") -> None:
        more = {"stroke_dasharray": dash} if dash else {}
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, stroke_width=width, **more)

    def diamond(self, x: float, y: float, colour: str, *, hollow: bool) -> None:
        points = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}"
        self.add("polygon", points=points, fill="#fff" if hollow else colour, stroke=colour, stroke_width=1.5)

    def done(self) -> str:
        return ElementTree.tostring(self.root, encoding="unicode")


def _short(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _clipped(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def timeline(rows: Sequence[Dated], today: date, title: str) -> str | None:
    """Planned (hollow) against foreseen or met (solid) days, one below the other. None without any day."""
    rows = [row for row in rows if row.planned_on or row.foreseen_on]
    if not rows:
        return None
    days = [day for row in rows for day in (row.planned_on, row.foreseen_on) if day] + [today]
    first, last = min(days), max(days)
    left, right, step = 170, WIDTH - 50, 24
    span = max((last - first).days, 1)
    drawing = _Drawing(34 + step * len(rows), title)

    def place(day: date) -> float:
        return left + (day - first).days / span * (right - left)

    bottom = 22 + step * len(rows)
    drawing.line(place(today), 14, place(today), bottom, INK, dash="2 3")
    drawing.text(place(today), 10, f"today {today}", anchor="middle", size=10)
    for number, row in enumerate(rows):
        y = 32 + step * number
        drawing.text(0, y + 4, _clipped(row.name, 28))
        late = (row.foreseen_on - row.planned_on).days if row.planned_on and row.foreseen_on else 0
        colour = RED if late > 0 else BLUE
        if row.planned_on and row.foreseen_on:
            drawing.line(place(row.planned_on), y, place(row.foreseen_on), y, colour, 2)
        if row.planned_on:
            drawing.diamond(place(row.planned_on), y, GREY, hollow=True)
        if row.foreseen_on:
            drawing.diamond(place(row.foreseen_on), y, colour, hollow=False)
        told = f"{late:+d} d" if late else ("met" if row.is_met else "")
        drawing.text(WIDTH, y + 4, told, anchor="end", colour=colour)
    drawing.text(left, bottom + 10, str(first), size=10, colour=GREY)
    drawing.text(right, bottom + 10, str(last), anchor="end", size=10, colour=GREY)
    return drawing.done()


def lines(curves: Sequence[Line], title: str, unit: str) -> str | None:
    """Curves over time from zero up. None where there are fewer than two points to join."""
    days = sorted({day for curve in curves for day, value in curve.points if value is not None})
    values = [value for curve in curves for _, value in curve.points if value is not None]
    if len(days) < 2 or max(values) <= 0:
        return None
    height, left, right, top = 190, 4, WIDTH - 165, 16
    bottom, span, most = height - 22, (days[-1] - days[0]).days, max(values)
    drawing = _Drawing(height, title)

    def x(day: date) -> float:
        return left + (day - days[0]).days / span * (right - left)

    def y(value: float) -> float:
        return bottom - max(value, 0) / most * (bottom - top)

    drawing.line(left, bottom, right, bottom, GREY)
    drawing.line(left, top, right, top, "#e3e7ec")
    drawing.text(left, top - 4, f"{amount(most)} {unit}", size=10, colour=GREY)
    drawing.text(left, height - 8, str(days[0]), size=10, colour=GREY)
    drawing.text(right, height - 8, str(days[-1]), anchor="end", size=10, colour=GREY)
    named: list[tuple[float, Line, str]] = []
    for curve in curves:
        for piece in _pieces(curve.points):
            path = " ".join(f"{x(day):.1f},{y(value):.1f}" for day, value in piece)
            dash = {"stroke_dasharray": "5 4"} if curve.dashed else {}
            drawing.add("polyline", points=path, fill="none", stroke=curve.colour, stroke_width=2, **dash)
        known = [(day, value) for day, value in curve.points if value is not None]
        if known:
            day, value = known[-1]
            until = "" if day == curve.points[-1][0] else f" ({day})"  # later than that it is not known
            named.append((y(value), curve, f"{amount(value)}{until}"))
    free = top - 8.0
    for at, curve, last in sorted(named, key=lambda one: one[0]):
        free = max(at + 4, free + 13)
        drawing.text(right + 6, free, f"{curve.name} {last}", colour=curve.colour)
    return drawing.done()


def _pieces(points: Sequence[tuple[date, float | None]]) -> list[list[tuple[date, float]]]:
    found: list[list[tuple[date, float]]] = [[]]
    for day, value in points:
        if value is None:
            found.append([])
        else:
            found[-1].append((day, value))
    return [piece for piece in found if piece]


Cost = tuple[str, float | None, float | None, float | None]


def bars(rows: Sequence[Cost], title: str, currency: str) -> str | None:
    """Name, budget (outlined), spent (solid) and ordered (hatched, behind it). None without any amount."""
    rows = [row for row in rows if any(row[1:])]
    most = max((max(row[1] or 0, (row[2] or 0) + (row[3] or 0)) for row in rows), default=0)
    if most <= 0:
        return None
    left, right, step = 90, WIDTH - 190, 26
    drawing = _Drawing(8 + step * len(rows), title)
    for number, (name, budget, spent, ordered) in enumerate(rows):
        y = 6 + step * number
        over = budget is not None and (spent or 0) > budget
        colour = RED if over else BLUE
        wide = [max(value or 0, 0) / most * (right - left) for value in (budget, spent, ordered)]
        drawing.text(0, y + 13, _clipped(name, 14))
        drawing.add("rect", x=left, y=y + 3, width=wide[1], height=12, fill=colour)
        ordered_box = {"fill": "#fff", "stroke": ORANGE, "stroke_dasharray": "2 2"}
        drawing.add("rect", x=left + wide[1], y=y + 3, width=wide[2], height=12, **ordered_box)
        if budget is not None:
            drawing.line(left + wide[0], y, left + wide[0], y + 18, INK, 2)
        of = f" of {amount(budget)}" if budget is not None else ", no budget line"
        drawing.text(right + 8, y + 13, f"{amount(spent or 0)}{of} {currency}{', over' if over else ''}", colour=colour)
    return drawing.done()
