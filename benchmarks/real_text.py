"""SmolLM2-135M as a language model, pruned by each criterion, on a text that ships with Python.

`python -m benchmarks real_text` runs the trials that are missing in what is kept here; to measure
all anew, delete `results/real_text.json` and `benchmarks/real_text.json` under
`labkit.models.sources.home()`.  `python -m benchmarks.real_text --kept` makes the claim of what a
run has so far.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.compare import Claim, Table, saved
from benchmarks.own_environment import interpreter
from benchmarks.real_weights import VERSIONS
from labkit.files import write_text
from labkit.models import sources

ROOT = Path(__file__).parent.parent
CRITERIA = ("global magnitude", "magnitude", "Wanda", "SparseGPT")
GOALS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "2:4", "4:8")
MEASURES = {"topics": "right", "mini": "wrong"}


def run() -> Claim:
    """Measure every trial that an earlier run has not, and make the claim of all."""
    python = interpreter(*VERSIONS, dependencies=False)
    out = _rows()
    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.exists() and (before := saved("real_text")):
        write_text(out, json.dumps(before[0].data))
    subprocess.run([python, "-m", "benchmarks.text_trials", str(out)], check=True, cwd=ROOT)
    return claim(json.loads(out.read_text(encoding="utf-8")))


def _rows() -> Path:
    return sources.home() / "benchmarks" / "real_text.json"


def claim(found: dict[str, Any]) -> Claim:
    """The tables of what `text_trials` measured; cells of trials that are missing stay empty."""
    default = found["calibration"]["sequences"]
    rows = {_key(row): row for row in found["rows"]}
    dense = rows["dense", "0.0", "", 0]
    table = []
    for criterion in CRITERIA:
        seen = ("topics", default) if criterion in CRITERIA[2:] else ("", 0)
        cells = (_cell(rows.get((criterion, goal, *seen))) for goal in GOALS)
        table.append((criterion, _cell(dense), *cells))
    return Claim(
        title="A real language model, by criterion",
        columns=("perplexity", "none", *(_goal(goal) for goal in GOALS)),
        rows=tuple(table),
        note=_note(found, dense),
        data=found,
        more=(_calibrations(rows), _written(rows, default)),
    )


def _key(row: dict[str, Any]) -> tuple[str, str, str, int]:
    return row["criterion"], str(row["goal"]), row["text"], row["sequences"]


def _goal(goal: str) -> str:
    return goal if ":" in goal else f"{float(goal):.0%}"


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    value = row["perplexity"]
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}" if value < 1e6 else f"{value:.1e}"


def _calibrations(rows: dict[tuple, dict[str, Any]]) -> Table:
    found = []
    for row in rows.values():
        if row["criterion"] in CRITERIA[2:]:
            interval = f"{row['bits_per_byte_low']:.3f} to {row['bits_per_byte_high']:.3f}"
            found.append(
                (
                    row["criterion"],
                    _goal(str(row["goal"])),
                    MEASURES[row["text"]],
                    str(row["sequences"]),
                    _cell(row),
                    f"{row['bits_per_byte']:.3f} ({interval})",
                    f"{row['cpu_seconds']['pruning']:.0f} s",
                )
            )
    columns = (
        "criterion",
        "zeros",
        "calibration",
        "sequences",
        "perplexity",
        "bits per byte",
        "time of all cores",
    )
    found.sort(key=lambda row: (row[0], row[1], row[2], int(row[3])))
    return Table("What the calibration text does", columns, tuple(found))


def _written(rows: dict[tuple, dict[str, Any]], default: int) -> Table:
    found = []
    for (criterion, goal, text, count), row in rows.items():
        if goal in ("0.0", "0.3", "0.5", "0.7") and (text, count) in (
            ("", 0),
            ("topics", default),
        ):
            said = " ".join(row["written"].split()).replace("|", "\\|").replace("`", "")
            found.append((criterion, _goal(goal), said, f"{row['repeated']:.0%}"))
    return Table("What it writes", ("criterion", "zeros", "text", "repeated"), tuple(found))


def _note(found: dict[str, Any], dense: dict[str, Any]) -> str:
    model, text, calibration = found["model"], found["text"], found["calibration"]
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    scoring = sorted(row["cpu_seconds"]["scoring"] for row in found["rows"])
    return (
        f"{model['title']}: package {model['package']} {model['version']}, licence "
        f"{model['licences']}; GGUF Q4_1 read as float32 ({versions}). Perplexity on "
        f"{dense['tokens']:,} tokens ({dense['bytes']:,} bytes): the first {text['characters']} "
        f"characters of {text['documents']} of the {text['topics']} topics of `pydoc_data.topics` "
        f"as {text['python']} ships it (licence PSF-2.0; SHA-256 of what is measured "
        f"{text['sha256'][:16]}…), each topic alone; {scoring[len(scoring) // 2]:.0f} s of one "
        "core for each evaluation. Global magnitude compares all weights, all other "
        "criteria within a layer (magnitude), a row (Wanda) or a block of columns (SparseGPT). "
        f"The right calibration is {calibration['sequences']} sequences of "
        f"{calibration['length']} tokens from the other topics, without paragraphs that begin like "
        "a measured one; the wrong one is the course's mini text (generated news). Embeddings, "
        "norms and the head are not pruned. Nothing is trained afterwards. Many weights of "
        "4-bit files are equal in size: of such ties those with the lower index go first. "
        f"{len(found['rows'])} of {found['planned']} trials are done. Text after "
        f"“{found['prompt']}”: the likeliest token each time; repeated is the share of 4-grams "
        "that stood there before."
    )


if __name__ == "__main__":
    from benchmarks.__main__ import write
    from benchmarks.compare import save

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", action="store_true", help="measure nothing")
    parser.add_argument("--rows", type=Path, default=_rows(), help="what text_trials wrote")
    given = parser.parse_args()
    if given.kept:
        save("real_text", claim(json.loads(given.rows.read_text(encoding="utf-8"))))
    else:
        save("real_text", run())
    write()
