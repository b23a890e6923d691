"""The explorer as HTML: static figures of one state, a table, and the data that the script moves.

Without scripts a reader has the figures at `START` per cent of the first model and the table of all
measured levels. `book/_static/explorer.js` shows the controls and moves what carries `data-` names.
No element has an id, so that a page can hold several explorers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from labkit.book import explorer_figures as drawings
from labkit.book.explorer import LEVELS, PARTS, explorer_data
from labkit.book.explorer_words import (
    START,
    breakable,
    caption,
    level_words,
    paid_words,
    score_words,
    sentence,
    table,
    text_words,
    time_words,
)
from labkit.errors import InputError

if TYPE_CHECKING:
    from IPython.display import HTML

    from labkit.study.run import Study


_TITLES = {
    "histogram": "Which weights go",
    "patch": "A corner of a weight matrix",
    "scores": "What it still knows",
    "text": "What it pays for a text, and what it writes",
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
    texts = _texts(study.settings.levels) if "text" in show else None
    return HTML(markup(explorer_data(study, texts), show))


def _texts(levels: Sequence[float]) -> dict[str, list[dict]]:
    """What chapter 6 measured of the mini language models, for `explorer_data`."""
    from labkit.book import language

    found = {}
    for name in language.there():
        rows = language.curves(name, levels).to_dict("records")
        written: list[str | None] = [None] * len(rows)
        if rows[0]["kind"] == "causal":
            written = language.samples(name, levels)["greedy"].tolist()
        found[name] = [
            row | {"sample": text, "opening": language.OPENING if text else None}
            for row, text in zip(rows, written, strict=True)
        ]
    return found


def markup(data: dict, show: Sequence[str] | None = None) -> str:
    """HTML of an explorer of `explorer_data`'s result, with the parts named in `show`.

    Default: all parts that the data has.

    Raises:
        InputError: a part that does not exist or that the data has not, or none.
    """
    there = [part for part in PARTS if part != "text" or data["texts"]]
    show = there if show is None else show
    if "text" in show and not data["texts"]:
        raise InputError("this explorer has no texts to show: give them to explorer_data")
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
        "histogram": drawings.histogram,
        "patch": drawings.patch,
        "scores": drawings.scores,
        "text": drawings.text,
        "size": drawings.size,
        "runtime": drawings.runtime,
    }
    model = data["models"][0]
    words = caption(data, model, part)
    return (
        f'<figure data-part="{part}"><p class="lk-title">{_TITLES[part]}</p>'
        f"{draw[part](data)}"
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )


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
                "shades": drawings.shades(model),
            }
        if "scores" in parts:
            baked["scores"] = [score_words(data, level) for level in model["measured"]]
            baked["short"] = [level_words(level) for level in model["measured"]]
        if "text" in parts:
            baked["texts"] = [text_words(level) for level in model["measured"]]
            baked["paid"] = [paid_words(level) for level in model["measured"]]
        if "size" in parts:
            baked["bytes"] = model["bytes"] | {"zstd": [m["zstd"] for m in model["measured"]]}
        if "runtime" in parts:
            baked["times"] = [time_words(data, level) for level in model["measured"]]
            baked["ms"] = [f"{1000 * m['runtime_median']:.1f}" for m in model["measured"]]
        models[model["name"]] = baked
    plot = {
        "left": drawings.LEFT,
        "width": drawings.RIGHT - drawings.LEFT,
        "top": drawings.TOP,
        "height": drawings.BOTTOM - drawings.TOP,
    }
    return {"plot": plot, "bars": [drawings.BAR_LEFT, drawings.BAR_RIGHT], "models": models}
