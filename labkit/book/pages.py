"""What the book's pages call beside the rest of labkit: the cached study, figures and numbers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.book.draft import BATCH, DOCUMENTS, PAIRS, REPEATS, drafted
from labkit.errors import SourceError
from labkit.models import sources
from labkit.study.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from labkit.plots.figure import Plot
    from labkit.study.run import Study


def course_study(settings: Settings | None = None, out: Path | None = None) -> Study:
    """The study that the pages quote, on the mini zoo; computed once and then read from its cells.

    Cells are kept under `sources.home()`, keyed by the code, data and library versions that they
    depend on, so that a change to any of these computes them anew.
    """
    from labkit.study.run import run_study

    settings = settings or Settings()
    if drafted():
        few = DOCUMENTS if "text" in settings.task else PAIRS
        settings = replace(settings, limit=few, repeats=REPEATS, batch_size=BATCH)
    return run_study(settings, out or sources.home() / "book")


def curve_study(**settings: Any) -> Study:
    """The course's study at the levels of the slider, for figures against sparsity.

    `settings` are those of `Settings` but for its levels. Cells are shared with `course_study`.
    """
    from labkit.book.explorer import LEVELS

    # The slider has the levels between for global pruning alone.
    levels = Settings().levels if drafted() and "method" in settings else LEVELS
    return course_study(Settings(levels=levels, **settings))


def reader_results(root: Path | str | None = None) -> dict[str, pd.DataFrame] | None:
    """The reader's own tables for the published models, or None before they have been measured.

    They are those of `labkit study --source hub` in `results/` of the course, as in `Study.tables`:
    "results", "layers", "paired" and "weights", and of `--task text` or `--task mrpc,text` those
    that begin with "text_". A page that shows them is run again when they
    change. `root` is the course's folder; default: the one that the page's folder lies in.
    """
    from labkit.book.site import hub_tables

    tables = hub_tables(root or _course())
    if not tables:
        return None
    import pandas as pd

    return {name: pd.read_parquet(path) for name, path in tables.items()}


def benchmark(name: str, root: Path | str | None = None) -> dict[str, Any]:
    """A benchmark as `make bench` last kept it: what a page cannot measure in a minute.

    The keys are those of `benchmarks.compare.Claim`, and "machine", the line that says what it was
    measured on. `root` is the course's folder, as for `reader_results`.

    Raises:
        SourceError: it has not been measured.
    """
    path = Path(root or _course()) / "benchmarks" / "results" / f"{name}.json"
    if not path.is_file():
        raise SourceError(f"{path} is missing: measure it with `python -m benchmarks {name}`")
    return json.loads(path.read_text(encoding="utf-8"))


def _course() -> Path:
    """The course's folder, which the page's folder lies in."""
    here = Path.cwd()
    return next((f for f in (here, *here.parents) if (f / "_config.yml").is_file()), here)


def show(plot: Plot) -> None:
    """Glue the figure under its name, for a `{glue:figure}` directive on the page.

    A figure too wide for the screen scrolls in its own frame rather than becoming unreadable.
    """
    from IPython.display import HTML
    from myst_nb import glue

    glue(plot.name, HTML(figure_frame(plot)), display=False)


def figure_frame(plot: Plot) -> str:
    """The figure's SVG in an element that says how wide it is, and how narrow it may become."""
    width = round(96 * plot.figure.get_figwidth())  # pixels of CSS
    # One panel shrinks to a phone's width; of several, letters would become too small.
    least = round(0.75 * width) if width > 480 else min(width, 300)
    style = f"--width: {width}px; --least: {least}px"
    return f'<div class="figure-frame" style="{style}">{figure_svg(plot)}</div>'


def figure_svg(plot: Plot) -> str:
    """The figure with ids that no other figure of a page has: matplotlib counts anew in each."""
    places = r'\bid="|aria-labelledby="|href="#|url\(#'
    return re.sub(rf"({places})(?!{re.escape(plot.name)}-)", rf"\g<1>{plot.name}-", plot.svg())


def number(name: str, value: float, form: str = "{:.1f}") -> None:
    """Glue a number as text under `name`, for a `{glue:text}` role in the prose.

    `form` is a format string, for example "{:.1%}" for a share as a percentage. Signs are set as
    the prose sets them: "−1.2" with a minus, and "50 %" with a space that does not break.
    """
    from myst_nb import glue

    text = form.format(float(value)).replace("-", "\N{MINUS SIGN}")
    glue(name, text.replace("%", "\N{NO-BREAK SPACE}%"), display=False)


def words(name: str, text: str) -> None:
    """Glue text that the page's own results choose, for a `{glue:text}` role in the prose.

    No line ends within "p < 0.001".
    """
    from myst_nb import glue

    kept = re.sub(r" ([<=]) (?=\d)", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", str(text))
    glue(name, kept, display=False)
