"""Run benchmarks (default all), and write results.md and the README's table."""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from benchmarks.compare import RESULTS, save, saved
from benchmarks.plot import plot_execution_scale, plot_scaling
from labkit.files import write_text

CLAIMS = (
    "global_pruning",
    "sweep",
    "scaling",
    "prune_file",
    "prune_workers",
    "cluster_plan",
    "storage_size",
    "storage_speed",
    "storage_load",
    "sparse_layers",
    "sparse_models",
    "execution_profile",
    "execution_scale",
    "memory",
    "engines",
    "semi_structured",
    "evaluation",
    "grading",
    "grading_scale",
    "grading_profile",
    "real_weights",
    "real_text",
    "calibration",
    "trained_pruning",
)

PLOTS = {"scaling": plot_scaling, "execution_scale": plot_execution_scale}
"""What is drawn from a claim's data."""

ELSEWHERE = {
    "engines": (
        ("earlier/engines_avx_vnni", "with AVX-VNNI, before slices"),
        ("earlier/engines_vnni", "without instructions for bf16"),
        ("earlier/engines_amx", "with AMX, each layer by itself"),
    )
}
"""Claims that were measured on other machines too: where that is kept, and what tells it apart."""

OPTIONS = {
    "resume": "keep what an earlier run has measured on this machine",
    "accept_deepsparse_license": "engines: measure DeepSparse too, whose licence allows evaluation",
    "busy": "engines: say that the machine did other work",
}
"""Options, and what each does for the benchmarks whose `run` knows it."""

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- benchmarks: written by make bench -->", "<!-- end of benchmarks -->"
REAL, REAL_END = "<!-- real weights: written by make bench -->", "<!-- end of real weights -->"


def main(arguments: list[str]) -> int:
    """Run the named claims (default all); 1 if one of them failed, 2 for an unknown name."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CLAIMS)}")
    for option, does in OPTIONS.items():
        parser.add_argument(f"--{option.replace('_', '-')}", action="store_true", help=does)
    given = vars(parser.parse_args(arguments))
    names = given.pop("names")
    if unknown := [name for name in names if name not in CLAIMS]:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(CLAIMS)}", file=sys.stderr)
        return 2
    options = {name: True for name, wanted in given.items() if wanted}
    failed = []
    for name in names or CLAIMS:
        print(f"running {name}", file=sys.stderr, flush=True)
        try:
            run = importlib.import_module(f"benchmarks.{name}").run
            known = inspect.signature(run).parameters
            claim = run(**{key: value for key, value in options.items() if key in known})
        except Exception:
            traceback.print_exc()
            failed.append(name)
            continue
        save(name, claim)
        print("\n".join([f"## {claim.title}", "", *table(claim.columns, claim.rows), ""]))
    for name, plot in PLOTS.items():
        if found := saved(name):
            plot(found[0].data).save(RESULTS)
    write()
    for name in failed:
        print(f"failed: {name}; its earlier result, if any, is kept", file=sys.stderr)
    return 1 if failed else 0


def write() -> None:
    """Write results.md and the README's tables from what is saved."""
    write_text(ROOT / "benchmarks" / "results.md", results())
    readme = (ROOT / "README.md").read_text("utf-8")
    write_text(ROOT / "README.md", with_real_weights(with_headlines(readme)))


def results() -> str:
    """The text of results.md, from all saved claims."""
    parts = ["# Benchmarks", "", "Written by `make bench`; each table says how it was measured."]
    for name, apart in _shown():
        if found := saved(name):
            claim, where = found
            parts += ["", f"## {claim.title}{apart}", "", *table(claim.columns, claim.rows), ""]
            if plot := PLOTS.get(name):
                parts += [f"![{plot(claim.data).alt}](results/{name}.png)", ""]
            for title, columns, rows in claim.more:
                parts += [f"### {title}", "", *table(columns, rows), ""]
            parts += [claim.note, f"Measured on {where}."]
        else:
            parts += ["", f"`{name}`: not measured yet (`python -m benchmarks {name}`)."]
    return "\n".join([*parts, ""])


def with_headlines(readme: str) -> str:
    """The README with the headlines of all saved claims between its two markers."""
    lines, places = [], set()
    for name, apart in _shown():
        if (found := saved(name)) and found[0].headlines:
            lines += [(f"{what}{apart}", *rest) for what, *rest in found[0].headlines]
            places.add(found[1])
    body = "\n".join(table(("what", "compared with", "result"), lines))
    return _between(readme, BEGIN, f"{body}\n\nMeasured on {'; '.join(sorted(places))}.", END)


def _shown() -> Iterator[tuple[str, str]]:
    """Names of the claims in order, those of other machines behind, and what follows a title."""
    for name in CLAIMS:
        yield name, ""
        for place, apart in ELSEWHERE.get(name, ()):
            yield place, f", {apart}"


def with_real_weights(readme: str) -> str:
    """The README with the table of real weights, beside the mini models', between its markers."""
    if not (found := saved("real_weights")):
        return readme
    claim, _ = found
    return _between(readme, REAL, "\n".join(table(claim.columns, claim.rows)), REAL_END)


def _between(text: str, begin: str, body: str, end: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{body}\n{end}{after}"


def table(columns: tuple[str, ...], rows: object) -> list[str]:
    """Lines of a Markdown table; the first two columns flush left, the rest flush right."""
    rule = ["---" if number < 2 else "---:" for number in range(len(columns))]
    return [f"| {' | '.join(line)} |" for line in (columns, rule, *rows)]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
