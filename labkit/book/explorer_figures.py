"""The drawings of the explorer as SVG, in the state at `START` per cent.

The script moves what carries `data-` names; the numbers below tell it where the plot lies.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape

from labkit.book.explorer_words import FORMS, INTERVAL, START, bytes_of, megabytes, power_of_ten

# The plot inside every drawing: the script places what it moves by the same numbers.
LEFT, RIGHT, TOP, BOTTOM, _WIDTH, _HEIGHT = 44, 350, 12, 160, 360, 196
_CELL = 10
_STEPS = 4  # shades of a weight's size in the patch
BAR_LEFT, BAR_RIGHT, _ROW = 104, 284, 32


def _svg(label: str, body: str, width: int = _WIDTH, height: int = _HEIGHT, at: str = "0 0") -> str:
    return (
        f'<svg viewBox="{at} {width + 2} {height + 2}" role="img" aria-label="{escape(label)}" '
        f'fill="currentColor">{body}</svg>'
    )


def _each(data: dict, draw: Callable[[dict], str]) -> str:
    """A group for each model, of which the first is visible."""
    hidden = ' display="none"'
    return "".join(
        f'<g data-model="{escape(model["name"])}"{hidden * (i > 0)}>{draw(model)}</g>'
        for i, model in enumerate(data["models"])
    )


def _x(share: float) -> float:
    return round(LEFT + share * (RIGHT - LEFT), 1)


def _y(share: float) -> float:
    return round(BOTTOM - share * (BOTTOM - TOP), 1)


def _text(x: float, y: float, words: str, anchor: str = "middle", extra: str = "") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def histogram(data: dict) -> str:
    """How many weights are of each size, and which of them go at `START` per cent."""

    def draw(model: dict) -> str:
        limit, counts = model["histogram"]["limit"], model["histogram"]["counts"]
        width, top = (RIGHT - LEFT) / len(counts), max(counts)
        steps = f"M{LEFT} {BOTTOM}"
        for i, count in enumerate(counts):
            steps += f"V{_y(count / top)}H{round(LEFT + (i + 1) * width, 1)}"
        left, right, wide = _cut_at(model, START)
        # A nested svg clips what it holds: its window is all that the script moves.
        window = (
            f'<svg class="lk-window" x="{left}" y="{TOP}" width="{wide}" '
            f'height="{BOTTOM - TOP}" viewBox="{left} {TOP} {wide} {BOTTOM - TOP}">'
            f'<path class="lk-gone" d="{steps}V{BOTTOM}Z"/></svg>'
        )
        marks = "".join(
            _line(x, TOP, x, BOTTOM + 5, f"lk-cut lk-cut-{side}")
            for side, x in (("left", left), ("right", right))
        )
        digits = max(0, -math.floor(math.log10(limit)))
        tick = math.floor(limit * 10**digits) / 10**digits
        ticks = "".join(
            _text(_x(0.5 + value / limit / 2), BOTTOM + 18, f"{value:g}".replace("-", "−"))
            for value in (-tick, 0, tick)
        )
        return f'<path class="lk-kept" d="{steps}V{BOTTOM}Z"/>{window}{marks}{ticks}'

    axis = _line(LEFT, BOTTOM, RIGHT, BOTTOM, "lk-axis")
    name = _text(_x(0.5), _HEIGHT - 4, "weight")
    key = (
        f'<rect class="lk-gone" x="2" y="{TOP}" width="12" height="12"/>'
        f"{_text(19, TOP + 10, 'set to zero', 'start')}"
        f'<rect class="lk-kept" x="2" y="{TOP + 18}" width="12" height="12"/>'
        f"{_text(19, TOP + 28, 'kept', 'start')}"
    )
    label = "Histogram of the prunable weights with the part that is set to zero in the middle"
    return _svg(label, _each(data, draw) + axis + key + name)


def _cut_at(model: dict, percent: int) -> tuple[float, float, float]:
    """Where the cuts stand in the drawing: left, right, and the width between."""
    share = model["cut"][percent] / model["histogram"]["limit"] / 2
    return _x(0.5 - share), _x(0.5 + share), round(2 * share * (RIGHT - LEFT), 1)


def shades(model: dict) -> list[int]:
    """For each weight of the patch its shade: 1 to 4 positive, -1 to -4 negative, by size."""
    values = model["patch"]["values"]
    top = max(abs(value) for value in values) or 1.0
    return [
        (-1 if value < 0 else 1) * max(1, math.ceil(_STEPS * abs(value) / top)) for value in values
    ]


def patch(data: dict) -> str:
    """A corner of a weight matrix, a square for each weight."""
    model = data["models"][0]
    columns, gone = model["patch"]["columns"], model["patch"]["gone"]
    places: dict[int, str] = dict.fromkeys([0, *range(1, _STEPS + 1), *range(-_STEPS, 0)], "")
    for i, shade in enumerate(shades(model)):
        x, y = i % columns * _CELL, i // columns * _CELL
        if gone[i] > START:
            places[shade] += f"M{x} {y}h9v9h-9z"
        else:
            places[0] += f"M{x + 4} {y + 4}h1v1h-1z"
    paths = "".join(
        f'<path data-shade="{shade}" class="lk-{_shade_class(shade)}" d="{d}"/>'
        for shade, d in places.items()
    )
    side = columns * _CELL
    label = "Weights of the patch as coloured squares; a zero is a small dot"
    height = len(gone) // columns * _CELL
    frame = f'<rect class="lk-frame" x="-1" y="-1" width="{side + 1}" height="{height + 1}"/>'
    return _svg(label, paths + frame, side, height, "-2 -2")


def _shade_class(shade: int) -> str:
    if shade == 0:
        return "zero"
    return f"{'plus' if shade > 0 else 'minus'} lk-shade-{abs(shade)}"


def scores(data: dict) -> str:
    """Accuracy and F1 at the measured levels."""

    def draw(model: dict) -> str:
        drawn = ""
        for level in model["measured"]:
            x = _x(level["percent"] / 100)
            for metric, shift in (("accuracy", -2.5), ("f1", 2.5)):
                low, high = _y(level[f"{metric}_low"]), _y(level[f"{metric}_high"])
                drawn += _line(x + shift, low, x + shift, high, f"lk-{metric}")
                drawn += _marker(metric, x + shift, _y(level[metric]))
        return drawn

    base = _y(data["majority_accuracy"])
    lines = _line(LEFT, base, RIGHT, base, "lk-base")
    key = (
        f"{_marker('accuracy', LEFT + 8, BOTTOM - 28)}"
        f"{_text(LEFT + 16, BOTTOM - 24, 'accuracy', 'start')}"
        f"{_marker('f1', LEFT + 8, BOTTOM - 12)}{_text(LEFT + 16, BOTTOM - 8, 'F1', 'start')}"
        f"{_text(LEFT + 4, base + 14, 'always the majority', 'start')}"
    )
    ticks = "".join(
        _text(LEFT - 10, _y(share) + 4, f"{100 * share:g}", "end") for share in (0, 0.5, 1)
    )
    label = f"Accuracy and F1 in per cent at the measured levels, with {INTERVAL}s"
    return _svg(label, _now() + lines + _each(data, draw) + _level_axis() + ticks + key)


def _marker(metric: str, x: float, y: float) -> str:
    if metric == "accuracy":
        return f'<circle class="lk-accuracy" cx="{x}" cy="{y}" r="4"/>'
    return f'<rect class="lk-f1" x="{x - 3.5}" y="{y - 3.5}" width="7" height="7"/>'


def _now() -> str:
    """Where the slider stands."""
    x = _x(START / 100)
    return _line(x, TOP - 6, x, BOTTOM, "lk-now")


def _level_axis() -> str:
    ticks = "".join(_text(_x(p / 100), BOTTOM + 18, f"{p}") for p in (0, 25, 50, 75, 99))
    name = _text(_x(0.5), _HEIGHT - 2, "sparsity (%)")
    return _line(LEFT, BOTTOM, RIGHT, BOTTOM, "lk-axis") + ticks + name


def text(data: dict) -> str:
    """Perplexity of the language models at the measured levels, on a log axis."""

    def draw(model: dict) -> str:
        found = [(level["percent"], level["text"]) for level in model["measured"]]
        found = [(percent, text) for percent, text in found if text is not None]
        if not found:
            return ""
        values = [text[f"perplexity{end}"] for _, text in found for end in ("", "_low", "_high")]
        most = max(value for value in (*values, found[0][1]["vocabulary"]) if math.isfinite(value))
        top = math.ceil(math.log10(most))

        def y(value: float) -> float:
            return _y(min(1.0, math.log10(value) / top) if math.isfinite(value) else 1.0)

        base = y(found[0][1]["vocabulary"])
        drawn = _line(LEFT, base, RIGHT, base, "lk-base")
        drawn += _text(LEFT + 4, base - 5, "a uniform guess", "start")
        for percent, text in found:
            x = _x(percent / 100)
            drawn += _line(
                x, y(text["perplexity_low"]), x, y(text["perplexity_high"]), "lk-accuracy"
            )
            drawn += _marker("accuracy", x, y(text["perplexity"]))
        for power in sorted({0, top // 2, top}):
            drawn += _text(LEFT - 10, _y(power / top) + 4, power_of_ten(power), "end")
        return drawn

    label = f"Perplexity at the measured levels on a logarithmic axis, with {INTERVAL}s"
    return _svg(label, _now() + _each(data, draw) + _level_axis())


def size(data: dict) -> str:
    """The bytes of the forms of a file, a bar for each."""
    model = data["models"][0]
    rows = ""
    for i, (form, title) in enumerate(FORMS.items()):
        count, y = bytes_of(model, form, START), i * _ROW + 8
        rows += _text(BAR_LEFT - 8, y + 15, title, "end")
        width = round(count / _most(model) * (BAR_RIGHT - BAR_LEFT), 1)
        rows += f'<rect class="lk-bar" data-form="{form}" x="{BAR_LEFT}" y="{y}" '
        rows += f'width="{width}" height="20"/>'
        rows += _text(BAR_RIGHT + 70, y + 15, megabytes(count), "end", f' data-mb="{form}"')
    x = round(BAR_LEFT + model["bytes"]["file"] / _most(model) * (BAR_RIGHT - BAR_LEFT), 1)
    rows += _line(x, 2, x, len(FORMS) * _ROW + 2, "lk-cut lk-dense")
    return _svg("Bytes of the model in five forms", rows, _WIDTH, len(FORMS) * _ROW + 4)


def _most(model: dict) -> int:
    return max(model["bytes"]["csr"])


def runtime(data: dict) -> str:
    """The time of a forward pass at the measured levels."""

    def draw(model: dict) -> str:
        most = 1000 * max(level["runtime_q75"] for level in model["measured"])
        step = 10 ** math.floor(math.log10(most)) / 2
        top = math.ceil(1.02 * most / step) * step  # of the axis, a round number of ms
        drawn = ""
        for level in model["measured"]:
            x = _x(level["percent"] / 100)
            low, high = _y(1000 * level["runtime_q25"] / top), _y(1000 * level["runtime_q75"] / top)
            drawn += _line(x, low, x, high, "lk-accuracy")
            drawn += _marker("accuracy", x, _y(1000 * level["runtime_median"] / top))
        for share in (0, 0.5, 1):
            drawn += _text(LEFT - 10, _y(share) + 4, f"{share * top:g}", "end")
        return drawn

    unit = _text(LEFT + 4, TOP + 2, "ms", "start")
    label = "Median time of a forward pass at the measured levels, with quartiles"
    return _svg(label, _now() + _each(data, draw) + _level_axis() + unit)
