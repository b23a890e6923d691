"""What the explorer says: its table, captions and sentences, from the same figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from labkit.book.explorer import nearest_level

if TYPE_CHECKING:
    pass

START = 90
"""Per cent of sparsity at which an explorer stands when the page opens."""


FORMS = {
    "file": "dense file",
    "zstd": "zstandard",
    "csr": "CSR (32-bit)",
    "bitmask": "bit mask",
    "entropy": "mask bound",
}


INTERVAL = "95\u00a0% interval"


def bytes_of(model: dict, form: str, percent: int) -> int:
    """Bytes of a model at `percent`, in one of `FORMS`."""
    if form == "file":
        return model["bytes"]["file"]
    if form == "zstd":
        return at_percent(model, percent)["zstd"]
    return model["bytes"][form][percent]


def table(data: dict, parts: list[str]) -> str:
    """All figures of the explorer as an HTML table."""
    heads = ["sparsity", *(_COLUMNS[part][0] for part in parts if part in _COLUMNS)]
    heads = [heads[0], *(head for group in heads[1:] for head in group)]
    rows = ""
    for model in data["models"]:
        for level in model["measured"]:
            cells = [
                cell
                for part in parts
                if part in _COLUMNS
                for cell in _COLUMNS[part][1](model, level)
            ]
            first = f'<th scope="row">{escape(model["title"])}</th><td>{_percent(level)}</td>'
            rows += f"<tr>{first}{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>\n"
    head = "".join(f'<th scope="col">{name}</th>' for name in ["model", *heads])
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>"


def _percent(level: dict) -> str:
    return f"{level['percent']:g}\u00a0%"


def _whole(level: dict) -> int:
    """The stop of the slider at a measured level."""
    return min(99, round(level["percent"]))


_COLUMNS: dict[str, tuple[list[str], Callable[[dict, dict], list[str]]]] = {
    "histogram": (
        ["zero up to"],
        lambda model, level: [_small(model["cut"][_whole(level)])],
    ),
    "patch": (
        ["zeros in the patch"],
        lambda model, level: [
            f"{sum(gone <= level['percent'] for gone in model['patch']['gone'])}"
        ],
    ),
    "scores": (
        ["accuracy", INTERVAL, "F1", INTERVAL, "says yes"],
        lambda model, level: [
            _share(level["accuracy"]),
            _range(level, "accuracy", 100, 1),
            f"{level['f1']:.3f}",
            _range(level, "f1", 1, 3),
            f"{level['share_positive']:.0%}".replace("%", "\u00a0%"),
        ],
    ),
    "text": (
        ["perplexity", INTERVAL, "bits per byte"],
        lambda model, level: _paid_cells(level["text"]),
    ),
    "size": (
        [f"{title} (MB)" for title in FORMS.values()],
        lambda model, level: [f"{bytes_of(model, f, _whole(level)) / 1e6:.2f}" for f in FORMS],
    ),
    "runtime": (
        ["forward pass (ms)", "quartiles"],
        lambda model, level: [
            f"{1000 * level['runtime_median']:.1f}",
            f"{1000 * level['runtime_q25']:.1f}–{1000 * level['runtime_q75']:.1f}",
        ],
    ),
}


def _range(level: dict, metric: str, scale: int, digits: int) -> str:
    low, high = (scale * level[f"{metric}_{end}"] for end in ("low", "high"))
    return f"{low:.{digits}f}–{high:.{digits}f}"


def _paid_cells(text: dict | None) -> list[str]:
    if text is None:
        return ["", "", ""]
    low, high = (short(text[f"perplexity_{end}"]) for end in ("low", "high"))
    return [short(text["perplexity"]), f"{low}–{high}", f"{text['bits_per_byte']:.2f}"]


def short(value: float) -> str:
    """A perplexity in three digits, whatever its size."""
    if not math.isfinite(value):
        return "beyond all numbers"
    if value < 100:
        return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    if value < 1e6:
        return f"{float(f'{value:.3g}'):,.0f}"
    exponent = math.floor(math.log10(value))
    return f"{value / 10**exponent:.1f} × {power_of_ten(exponent)}"


def power_of_ten(exponent: int) -> str:
    """10 with a raised exponent, 1 for 0."""
    return f"10{str(exponent).translate(_RAISED)}" if exponent else "1"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _share(value: float) -> str:
    return f"{100 * value:.1f}\u00a0%"


def _small(value: float) -> str:
    return f"{value:.4f}"


def megabytes(count: int) -> str:
    """Bytes in megabytes, with the unit."""
    return f"{count / 1e6:.2f}\u00a0MB"


def breakable(name: str) -> str:
    """A dotted name that a narrow screen may break after its dots (zero-width spaces)."""
    return name.replace(".", ".\u200b")


def _rounded(value: float) -> int:
    """The nearest whole number, halves upwards as JavaScript rounds them."""
    return math.floor(value + 0.5)


def at_percent(model: dict, percent: int) -> dict:
    """The measured level that is nearest to `percent`."""
    levels = [level["percent"] for level in model["measured"]]
    return model["measured"][nearest_level(percent, levels)]


def score_words(data: dict, level: dict) -> str:
    """The scores at a level in words, with their intervals."""
    text = (
        f"Accuracy {_share(level['accuracy'])} ({INTERVAL} {_range(level, 'accuracy', 100, 1)}), "
        f"F1 {level['f1']:.3f} ({_range(level, 'f1', 1, 3)}) on {data['examples']} pairs. "
    )
    if level["collapsed_to"] is not None:
        answer = "every" if level["collapsed_to"] else "no"
        return f"{text}It calls {answer} pair a paraphrase: it no longer reads them."
    return f"{text}It calls {100 * level['share_positive']:.0f}\u00a0% of them paraphrases."


def text_words(level: dict) -> str:
    """What the language model of the same family pays for a text at a level, and what it writes."""
    text = level["text"]
    if text is None:
        return "No language model of this family comes with this installation."
    cells = _paid_cells(text)
    said = (
        f"The language model of this family, pruned alike: {text['measure']} {cells[0]} "
        f"({INTERVAL} {cells[1]}), of {text['vocabulary']:,} tokens to choose from."
    )
    if text["perplexity"] >= text["vocabulary"]:
        said += " A uniform guess does no worse."
    if text["sample"] is None:
        return said
    written = " ".join(text["sample"].split())
    return f"{said} Asked to go on from “{text['opening']}”: “{written}”"


def paid_words(level: dict) -> str:
    """What a text costs at a measured level, short."""
    text = level["text"]
    return f"{text['measure']} {short(text['perplexity'])}" if text else "no language model"


def time_words(data: dict, level: dict) -> str:
    """The time of a forward pass at a level in words."""
    quartiles = f"{1000 * level['runtime_q25']:.1f}–{1000 * level['runtime_q75']:.1f}"
    threads = f"{data['threads']} thread{'s' * (data['threads'] > 1)}"
    return (
        f"{1000 * level['runtime_median']:.1f}\u00a0ms a forward pass (quartiles {quartiles}; "
        f"{data['batch']} × {data['length']} tokens, {threads}). "
        "The dense code multiplies by zeros too."
    )


def _held(level: dict, percent: int) -> str:
    """Said where the slider stands between two measured levels."""
    if level["percent"] == percent:
        return ""
    return f" Measured at {_percent(level)}, the nearest level."


def caption(data: dict, model: dict, part: str, percent: int = START) -> str:
    """What a figure shows; `explorer.js` writes the same words (a test compares them)."""
    level = at_percent(model, percent)
    if part == "histogram":
        count = f"{model['zeros'][percent]:,} of {model['weights']:,} weights are zero"
        if not model["zeros"][percent]:
            return f"{count}."
        return f"{count}: those up to {_small(model['cut'][percent])} in magnitude."
    if part == "patch":
        gone = model["patch"]["gone"]
        zeros = sum(place <= percent for place in gone)
        share = _rounded(100 * zeros / len(gone))
        return (
            f"{zeros} of these {len(gone)} weights are zero ({share}\u00a0%): "
            f"one cut for the whole model takes more from some places than from others. "
            f"{breakable(model['patch']['parameter'])}"
        )
    if part == "size":
        mask = model["bytes"]["bitmask"][percent]
        text = (
            f"The dense file keeps its {megabytes(model['bytes']['file'])}; as a bit mask it is "
            f"{_rounded(100 * mask / model['bytes']['file'])}\u00a0% of that."
        )
        held = _held(level, percent)
        return text + (f" zstandard measured at {_percent(level)}." if held else "")
    if part == "text":
        return text_words(level) + _held(level, percent)
    words = score_words if part == "scores" else time_words
    return words(data, level) + _held(level, percent)


def sentence(data: dict, parts: list[str], percent: int = START) -> str:
    """The state in one sentence, for the live region."""
    model = data["models"][0]
    level, said = at_percent(model, percent), []
    if "histogram" in parts:
        cut = f"weights up to {_small(model['cut'][percent])} in magnitude are zero"
        said.append(cut if model["zeros"][percent] else "no weight is zero")
    if "patch" in parts and "histogram" not in parts:
        said.append(f"{sum(p <= percent for p in model['patch']['gone'])} zeros in the patch")
    if "scores" in parts:
        said.append(level_words(level))
    if "text" in parts:
        said.append(paid_words(level))
    if "size" in parts:
        said.append(f"{megabytes(model['bytes']['bitmask'][percent])} as a bit mask")
    if "runtime" in parts:
        said.append(f"{1000 * level['runtime_median']:.1f}\u00a0ms a forward pass")
    return f"{model['title']}, {percent}\u00a0% sparsity: {'; '.join(said)}."


def level_words(level: dict) -> str:
    """Accuracy and F1 of a measured level, short."""
    return f"accuracy {_share(level['accuracy'])}, F1 {level['f1']:.3f}"
