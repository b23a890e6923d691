"""What every figure of the course is made with: its ink, its series, and an SVG that says it all.

SVG output takes its ink from the page (`currentColor`), so that one figure is legible on light and
dark pages; series differ by marker and line style too, for greyscale and colour-blind readers.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.files import replacing, write_text

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#4d4d4e"  # a value no series uses: the SVG writer replaces it by currentColor
SERIES = (
    {"color": "#0072b2", "marker": "o", "linestyle": "-"},
    {"color": "#d55e00", "marker": "s", "linestyle": "--"},
    {"color": "#009e73", "marker": "^", "linestyle": "-."},
    {"color": "#b1689a", "marker": "D", "linestyle": ":"},
    {"color": "#8c6d1f", "marker": "v", "linestyle": (0, (3, 1, 1, 1, 1, 1))},
    {"color": "#5b5fc7", "marker": "P", "linestyle": (0, (5, 1))},
    {"color": "#b03a48", "marker": "X", "linestyle": (0, (1, 1))},
    {"color": "#00818a", "marker": "*", "linestyle": (0, (3, 1, 1, 1))},
)
"""Styles in the order of the models (Okabe and Ito's palette; at least 3:1 on white and black)."""


COLUMN = 7.4
"""Inches of a page's text: a wider figure would be shrunk to it, and its letters with it."""


@dataclass(frozen=True, eq=False)
class Plot:
    """A figure, a name that serves as file name and anchor, and a description of what it shows."""

    figure: Figure
    name: str
    alt: str

    def __post_init__(self) -> None:
        # Numbers are written as the prose writes them: "90 %", and a minus that is read aloud.
        alt = re.sub(r"(?<=\d)%", " %", self.alt)
        alt = re.sub(r"(?<![\w.-])-(?=\d)", "\N{MINUS SIGN}", alt)
        object.__setattr__(self, "alt", alt)

    def svg(self) -> str:
        """The figure as an `<svg>` element with role, title and the page's ink; drawn once."""
        return self._svg

    @cached_property
    def _svg(self) -> str:
        import matplotlib as mpl

        buffer = io.StringIO()
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": self.name}):
            self.figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        # Finding a place for everything takes longer than drawing it: the PNG has the same places.
        self.figure.set_layout_engine("none")
        text = buffer.getvalue()
        text = text[text.index("<svg") :].replace(INK, "currentColor")
        # matplotlib's metadata names vocabularies on the web: nothing a page needs.
        text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        label = f'<title id="{self.name}-title">{_escape(self.alt)}</title>'
        head, rest = text.split(">", 1)
        return f'{head} role="img" aria-labelledby="{self.name}-title">{label}{rest}'

    def save(self, folder: Path | str) -> list[Path]:
        """Write `name.svg`, `name.png` (on white) and `name.txt` (the description)."""
        folder = Path(folder)
        style = "<style>svg{color:#333}@media(prefers-color-scheme:dark){svg{color:#ddd}}</style>"
        svg = self.svg().replace("</title>", f"</title>{style}", 1)
        paths = [write_text(folder / f"{self.name}.svg", svg)]
        with replacing(folder / f"{self.name}.png") as temporary:
            self.figure.savefig(temporary, format="png", dpi=144, facecolor="white")
        paths.append(folder / f"{self.name}.png")
        paths.append(write_text(folder / f"{self.name}.txt", self.alt + "\n"))
        return paths

    def _repr_html_(self) -> str:
        return self.svg()


def styles() -> Iterator[dict]:
    """`SERIES` with the widths of lines and markers that plots take, and further ones without end.

    Behind the last one the colours come again, each with the marker and the line of another one:
    64 series differ, and none is left undrawn.
    """
    for at in count():
        look = SERIES[(at + at // len(SERIES)) % len(SERIES)]
        color = SERIES[at % len(SERIES)]["color"]
        yield {**look, "color": color, "markersize": 4, "linewidth": 1.5}


def legend_below(axis: Axes, columns: int | None = None) -> None:
    """One legend below all panels, where it covers no data and none of it is cut off.

    It has `columns` at most, and fewer where they would not fit; the figure grows by the rows that
    this adds.  A name that is too long for a line of its own is broken.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure: Figure = axis.figure
    lines, labels = axis.get_legend_handles_labels()
    if columns is None:
        columns = len(labels) if len(labels) <= 5 else 4
    renderer = FigureCanvasAgg(figure).get_renderer()
    room = figure.bbox.width - 12  # pixels, of which some stay free at the ends

    def drawn(labels: list[str], columns: int) -> tuple[float, float]:
        for legend in figure.legends:
            legend.remove()
        legend = figure.legend(
            lines,
            labels,
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            labelcolor=INK,
            fontsize=8,
        )
        size = legend.get_window_extent(renderer)
        return size.width, size.height

    width, height = drawn(labels, columns)
    before = height
    while width > room and columns > 1:
        columns -= 1
        width, height = drawn(labels, columns)
    if width > room:
        characters = max(8, int(max(map(len, labels)) * (room - 40) / width))
        _, height = drawn([textwrap.fill(label, characters) for label in labels], columns)
    if height > before:
        inches = figure.get_size_inches()
        figure.set_size_inches(inches[0], inches[1] + (height - before) / figure.dpi)


def titled(axis: Axes, title: str) -> None:
    """A title above a panel, in as many lines as its width asks for."""
    inches = axis.figure.get_size_inches()[0] / axis.get_gridspec().ncols
    axis.set_title("\n".join(textwrap.fill(line, int(9 * inches)) for line in title.split("\n")))


def axes_grid(
    rows: int, columns: int, *, width: float, height: float, sharey: bool | str = False
) -> tuple[Figure, np.ndarray]:
    """A figure in the course's style and its axes, always as a two-dimensional array.

    `width` and `height` are those of a panel, in inches; panels become narrower where they would
    not stand beside each other in a column of text (`COLUMN`).
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style = {
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        **dict.fromkeys(
            ("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor"), INK
        ),
        **dict.fromkeys(("xtick.color", "ytick.color", "grid.color"), INK),
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(min(width * columns, COLUMN), height * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, sharey=sharey)
    return figure, axes


def percent(level: float) -> str:
    """A share from 0 to 1 as a figure names it."""
    return f"{100 * level:g} %"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
