"""The explorer as HTML: static figures of one state, a table, and the data that the script moves.

Without scripts a reader has the figures at `START` per cent of the first model and the table of all
measured levels. `book/_static/explorer.js` shows the controls and moves what carries `data-` names.
No element has an id, so that a page can hold several explorers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from labkit.book.explorer import LEVELS, PARTS, explorer_data
from labkit.book.explorer_words import (
    FORMS,
    INTERVAL,
    START,
    breakable,
    bytes_of,
    caption,
    level_words,
    megabytes,
    score_words,
    sentence,
    table,
    time_words,
)
from labkit.errors import InputError

if TYPE_CHECKING:
    from IPython.display import HTML

    from labkit.study.run import Study


# The plot inside every drawing: the script places what it moves by the same numbers.
_LEFT, _RIGHT, _TOP, _BOTTOM, _WIDTH, _HEIGHT = 44, 350, 12, 160, 360, 196
_CELL = 10
_STEPS = 4  # shades of a weight's size in the patch
_BAR_LEFT, _BAR_RIGHT, _ROW = 104, 284, 32
_TITLES = {
    "histogram": "Which weights go",
    "patch": "A corner of a weight matrix",
    "scores": "What it still knows",
    "size": "What the file takes",
    "runtime": "How long it takes",
}


def explorer(*, show: tuple[str, ...] = PARTS, study: Study | None = None) -> HTML:
    """An explorer as the output of a cell: static where scripts are off, moved by the slider else.

    Args:
        show: which of `PARTS`.
        study: default: the course's mini models at `LEVELS`, computed once and then cached.

    Raises:
        InputError: a part that does not exist, or none.
    """
    from IPython.display import HTML

    from labkit.book.pages import course_study
    from labkit.study.settings import Settings

    study = study or course_study(Settings(levels=LEVELS))
    return HTML(markup(explorer_data(study), show))


def markup(data: dict, show: Sequence[str] = PARTS) -> str:
    """HTML of an explorer of `explorer_data`'s result, with the parts named in `show`.

    Raises:
        InputError: a part that does not exist, or none.
    """
    if not show or (unknown := [part for part in show if part not in PARTS]):
        wrong = repr(unknown[0]) if show else "nothing"
        raise InputError(f"an explorer cannot show {wrong}: choose from {', '.join(PARTS)}")
    parts = [part for part in PARTS if part in show]
    figures = "\n".join(_figure(data, part) for part in parts)
    said = "".join(f"<p>{escape(note)}</p>" for note in data["notes"])
    # "<" could end the script element early; JSON may write it as an escape.
    baked = json.dumps(_baked(data, parts), separators=(",", ":")).replace("<", "\\u003c")
    return f"""<div class="lk-explorer" role="group" aria-label="Sparsity explorer">
{_controls(data)}
<p class="lk-said" aria-live="polite">{escape(sentence(data, parts))}</p>
<div class="lk-figures">
{figures}
</div>
<details class="lk-table" open><summary>The measured figures as a table</summary>
<div class="lk-scroll" tabindex="0" role="group" aria-label="Table of the measured figures">
{table(data, parts)}
</div></details>
<div class="lk-notes">{said}</div>
<script type="application/json">{baked}</script>
</div>"""


def _controls(data: dict) -> str:
    radios = "\n".join(
        f'<label><input type="radio" value="{escape(model["name"])}"{" checked" * (i == 0)}> '
        f"<span>{escape(model['title'])}</span></label>"
        for i, model in enumerate(data["models"])
    )
    return f"""<div class="lk-controls" hidden>
<fieldset><legend>Model</legend>
{radios}
</fieldset>
<div class="lk-slide"><label><span>Sparsity</span>
<input type="range" min="0" max="99" step="1" value="{START}"></label>
<output>{START} %</output>
<button type="button" data-step="-1" aria-label="One per cent less">−</button>
<button type="button" data-step="1" aria-label="One per cent more">+</button></div>
</div>"""


def _figure(data: dict, part: str) -> str:
    draw: dict[str, Callable[[dict], str]] = {
        "histogram": _histogram,
        "patch": _patch,
        "scores": _scores,
        "size": _size,
        "runtime": _runtime,
    }
    model = data["models"][0]
    words = caption(data, model, part)
    return (
        f'<figure data-part="{part}"><p class="lk-title">{_TITLES[part]}</p>'
        f"{draw[part](data)}"
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )


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
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _y(share: float) -> float:
    return round(_BOTTOM - share * (_BOTTOM - _TOP), 1)


def _text(x: float, y: float, words: str, anchor: str = "middle", extra: str = "") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _histogram(data: dict) -> str:
    def draw(model: dict) -> str:
        limit, counts = model["histogram"]["limit"], model["histogram"]["counts"]
        width, top = (_RIGHT - _LEFT) / len(counts), max(counts)
        steps = f"M{_LEFT} {_BOTTOM}"
        for i, count in enumerate(counts):
            steps += f"V{_y(count / top)}H{round(_LEFT + (i + 1) * width, 1)}"
        left, right, wide = _cut_at(model, START)
        # A nested svg clips what it holds: its window is all that the script moves.
        window = (
            f'<svg class="lk-window" x="{left}" y="{_TOP}" width="{wide}" '
            f'height="{_BOTTOM - _TOP}" viewBox="{left} {_TOP} {wide} {_BOTTOM - _TOP}">'
            f'<path class="lk-gone" d="{steps}V{_BOTTOM}Z"/></svg>'
        )
        marks = "".join(
            _line(x, _TOP, x, _BOTTOM + 5, f"lk-cut lk-cut-{side}")
            for side, x in (("left", left), ("right", right))
        )
        digits = max(0, -math.floor(math.log10(limit)))
        tick = math.floor(limit * 10**digits) / 10**digits
        ticks = "".join(
            _text(_x(0.5 + value / limit / 2), _BOTTOM + 18, f"{value:g}".replace("-", "−"))
            for value in (-tick, 0, tick)
        )
        return f'<path class="lk-kept" d="{steps}V{_BOTTOM}Z"/>{window}{marks}{ticks}'

    axis = _line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, "lk-axis")
    name = _text(_x(0.5), _HEIGHT - 4, "weight")
    key = (
        f'<rect class="lk-gone" x="2" y="{_TOP}" width="12" height="12"/>'
        f"{_text(19, _TOP + 10, 'set to zero', 'start')}"
        f'<rect class="lk-kept" x="2" y="{_TOP + 18}" width="12" height="12"/>'
        f"{_text(19, _TOP + 28, 'kept', 'start')}"
    )
    label = "Histogram of the prunable weights with the part that is set to zero in the middle"
    return _svg(label, _each(data, draw) + axis + key + name)


def _cut_at(model: dict, percent: int) -> tuple[float, float, float]:
    """Where the cuts stand in the drawing: left, right, and the width between."""
    share = model["cut"][percent] / model["histogram"]["limit"] / 2
    return _x(0.5 - share), _x(0.5 + share), round(2 * share * (_RIGHT - _LEFT), 1)


def _shades(model: dict) -> list[int]:
    """For each weight of the patch its shade: 1 to 4 positive, -1 to -4 negative, by size."""
    values = model["patch"]["values"]
    top = max(abs(value) for value in values) or 1.0
    return [
        (-1 if value < 0 else 1) * max(1, math.ceil(_STEPS * abs(value) / top)) for value in values
    ]


def _patch(data: dict) -> str:
    model = data["models"][0]
    columns, gone = model["patch"]["columns"], model["patch"]["gone"]
    places: dict[int, str] = dict.fromkeys([0, *range(1, _STEPS + 1), *range(-_STEPS, 0)], "")
    for i, shade in enumerate(_shades(model)):
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


def _scores(data: dict) -> str:
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
    lines = _line(_LEFT, base, _RIGHT, base, "lk-base")
    key = (
        f"{_marker('accuracy', _LEFT + 8, _BOTTOM - 28)}"
        f"{_text(_LEFT + 16, _BOTTOM - 24, 'accuracy', 'start')}"
        f"{_marker('f1', _LEFT + 8, _BOTTOM - 12)}{_text(_LEFT + 16, _BOTTOM - 8, 'F1', 'start')}"
        f"{_text(_LEFT + 4, base + 14, 'always the majority', 'start')}"
    )
    ticks = "".join(
        _text(_LEFT - 10, _y(share) + 4, f"{100 * share:g}", "end") for share in (0, 0.5, 1)
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
    return _line(x, _TOP - 6, x, _BOTTOM, "lk-now")


def _level_axis() -> str:
    ticks = "".join(_text(_x(p / 100), _BOTTOM + 18, f"{p}") for p in (0, 25, 50, 75, 99))
    name = _text(_x(0.5), _HEIGHT - 2, "sparsity (%)")
    return _line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, "lk-axis") + ticks + name


def _size(data: dict) -> str:
    model = data["models"][0]
    rows = ""
    for i, (form, title) in enumerate(FORMS.items()):
        count, y = bytes_of(model, form, START), i * _ROW + 8
        rows += _text(_BAR_LEFT - 8, y + 15, title, "end")
        width = round(count / _most(model) * (_BAR_RIGHT - _BAR_LEFT), 1)
        rows += f'<rect class="lk-bar" data-form="{form}" x="{_BAR_LEFT}" y="{y}" '
        rows += f'width="{width}" height="20"/>'
        rows += _text(_BAR_RIGHT + 70, y + 15, megabytes(count), "end", f' data-mb="{form}"')
    x = round(_BAR_LEFT + model["bytes"]["file"] / _most(model) * (_BAR_RIGHT - _BAR_LEFT), 1)
    rows += _line(x, 2, x, len(FORMS) * _ROW + 2, "lk-cut lk-dense")
    return _svg("Bytes of the model in five forms", rows, _WIDTH, len(FORMS) * _ROW + 4)


def _most(model: dict) -> int:
    return max(model["bytes"]["csr"])


def _runtime(data: dict) -> str:
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
            drawn += _text(_LEFT - 10, _y(share) + 4, f"{share * top:g}", "end")
        return drawn

    unit = _text(_LEFT + 4, _TOP + 2, "ms", "start")
    label = "Median time of a forward pass at the measured levels, with quartiles"
    return _svg(label, _now() + _each(data, draw) + _level_axis() + unit)


def _baked(data: dict, parts: list[str]) -> dict:
    """What the script needs, numbers shortened to what is shown."""
    models = {}
    for model in data["models"]:
        baked = {
            "title": model["title"],
            "weights": model["weights"],
            "limit": model["histogram"]["limit"],
            "levels": [level["percent"] for level in model["measured"]],
        }
        if "histogram" in parts or "patch" in parts:
            baked |= {"cut": [round(cut, 6) for cut in model["cut"]], "zeros": model["zeros"]}
        if "patch" in parts:
            patch = model["patch"]
            baked["patch"] = {
                "parameter": breakable(patch["parameter"]),
                "columns": patch["columns"],
                "gone": patch["gone"],
                "shades": _shades(model),
            }
        if "scores" in parts:
            baked["scores"] = [score_words(data, level) for level in model["measured"]]
            baked["short"] = [level_words(level) for level in model["measured"]]
        if "size" in parts:
            baked["bytes"] = model["bytes"] | {"zstd": [m["zstd"] for m in model["measured"]]}
        if "runtime" in parts:
            baked["times"] = [time_words(data, level) for level in model["measured"]]
            baked["ms"] = [f"{1000 * m['runtime_median']:.1f}" for m in model["measured"]]
        models[model["name"]] = baked
    plot = {"left": _LEFT, "width": _RIGHT - _LEFT, "top": _TOP, "height": _BOTTOM - _TOP}
    return {"plot": plot, "bars": [_BAR_LEFT, _BAR_RIGHT], "models": models}
