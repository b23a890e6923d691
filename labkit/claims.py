"""What the course's original lab report claimed, beside what is measured.

The report's figures are its authors', for the published models; they are quoted here and not
measured.  The figures beside them come from a study: the mini zoo's, and those of the published
models once they have been studied on the reader's machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from labkit.errors import InputError
from labkit.sources import DISPLAY_NAMES

if TYPE_CHECKING:
    import pandas as pd

NOT_RUN = "run labkit study --source hub"
"""What stands where the published models were not studied on this machine."""

_TREND = 0.8  # rank correlation with depth from which a trend is called one


class Measured(Protocol):
    """The two tables of a study that the claims are held against (`Study` has both)."""

    results: pd.DataFrame

    @property
    def weight_table(self) -> pd.DataFrame:
        """`WeightSummary.table` of all models, one below the other."""


@dataclass(frozen=True, eq=False)
class SavedStudy:
    """The tables that `labkit study` left in a folder."""

    results: pd.DataFrame
    weight_table: pd.DataFrame


@dataclass(frozen=True)
class Claim:
    """A sentence of the report, the figure it gave, and the function that measures the same."""

    topic: str
    name: str
    says: str
    figure: str
    measure: Callable[[Measured, str], str]


def saved_study(*folders: Path | str, source: str = "hub") -> SavedStudy | None:
    """The first study of `source` saved in one of the folders, or None where there is none.

    Raises:
        InputError: a folder holds tables that cannot be read; names the file.
    """
    import pandas as pd

    for folder in folders:
        tables = [Path(folder) / "tables" / f"{name}.parquet" for name in ("results", "weights")]
        if not all(path.exists() for path in tables):
            continue
        try:
            results, weights = (pd.read_parquet(path) for path in tables)
            sources = set(results["source"])
        except (OSError, KeyError, ValueError) as error:
            raise InputError(
                f"{tables[0].parent} is damaged ({error}). Delete it and run the study again."
            ) from error
        if sources == {source}:
            return SavedStudy(results, weights)
    return None


def claims_table(study: Measured, hub: Measured | None = None) -> pd.DataFrame:
    """All claims as text, for people: one row per claim.

    Args:
        study: measured on the mini zoo.
        hub: measured on the published models; None where that was not run.

    Returns:
        Columns `topic` ("weights", "layers", "shape" or "loss"), `model`, `claim`, `report` (the
        figure of the report), `mini` and `hub` (measured; "–" where a study lacks the model).
    """
    import pandas as pd

    def measured(source: Measured | None, claim: Claim) -> str:
        if source is None:
            return NOT_RUN
        title = _title(source, claim.name)
        return claim.measure(source, title) if title else "–"

    rows = [
        {
            "topic": claim.topic,
            "model": DISPLAY_NAMES[claim.name],
            "claim": claim.says,
            "report": claim.figure,
            "mini": measured(study, claim),
            "hub": measured(hub, claim),
        }
        for claim in CLAIMS
    ]
    return pd.DataFrame(rows)


def normality(weights: int, skewness: float, excess_kurtosis: float) -> tuple[float, float]:
    """The test of Jarque and Bera: (statistic, p) of a normal distribution for these moments.

    The statistic is n/6 (S² + K²/4); for many independent draws from a normal distribution it
    follows a chi-squared distribution with 2 degrees of freedom, so that p = exp(-statistic/2).
    """
    statistic = weights / 6 * (skewness**2 + excess_kurtosis**2 / 4)
    return statistic, math.exp(-statistic / 2)


def p_text(p: float) -> str:
    """A p-value for people: never "0", and no digits that mean nothing."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _title(study: Measured, name: str) -> str | None:
    """The title of the course's model `name` in a study, with or without its source in front."""
    titles = study.results["model"].unique()
    return next((t for t in titles if t.split(" ")[-1] == DISPLAY_NAMES[name]), None)


def _whole(study: Measured, title: str) -> pd.Series:
    """The row of all prunable weights of a model: its last, after its stacks."""
    table = study.weight_table
    return table[(table["model"] == title) & (table["block"] == -1)].iloc[-1]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _below(threshold: float) -> Callable[[Measured, str], str]:
    return lambda study, title: _percent(_whole(study, title)[f"below_{threshold:g}"])


def _above(threshold: float) -> Callable[[Measured, str], str]:
    return lambda study, title: _percent(1 - _whole(study, title)[f"below_{threshold:g}"])


def _by_block(band: str, stack: str) -> Callable[[Measured, str], str]:
    """The share of the weights in a band, from the first block to the last, and its trend."""

    def measure(study: Measured, title: str) -> str:
        table = study.weight_table
        rows = table[(table["model"] == title) & (table["stack"] == stack) & (table["block"] >= 0)]
        shares = {
            "above": 1 - rows["below_0.1"],
            "under": rows["below_0.01"],
            "between": rows["below_0.1"] - rows["below_0.01"],
        }[band]
        depth = rows["block"].corr(shares.rank())  # Spearman's, as blocks are ranks already
        trend = "rises" if depth >= _TREND else "falls" if depth <= -_TREND else "no clear trend"
        ends = f"{100 * shares.iloc[0]:.1f} → {_percent(shares.iloc[-1])}"
        return f"{ends} over {len(rows)} blocks: {trend}"

    return measure


def _shape(study: Measured, title: str) -> str:
    row = _whole(study, title)
    _, p = normality(row["weights"], row["skewness"], row["excess_kurtosis"])
    return f"excess kurtosis {row['excess_kurtosis']:.2f}; Jarque–Bera {p_text(p)}"


def _loss(study: Measured, title: str) -> str:
    """Loss at each level, where it is highest, and from where on the model gives one answer."""
    rows = study.results[study.results["model"] == title].sort_values("level")
    levels = [f"{100 * level:g}" for level in rows["level"]]
    losses = [f"{loss:.2f}" for loss in rows["loss"]]
    text = f"{', '.join(losses)} at {', '.join(levels)} %"
    text += f"; highest at {levels[int(rows['loss'].to_numpy().argmax())]} %"
    collapsed = rows["collapsed_to"].notna().to_numpy()
    if collapsed.any():
        text += f"; one answer for all pairs from {levels[int(collapsed.argmax())]} %"
    return text + ("; head not trained" if (rows["head"] == "fresh").any() else "")


def _claims() -> tuple[Claim, ...]:
    shares = {"roberta": (90, 20, 10), "gpt2": (58, 7, 42), "bart": (90, 17, 10)}
    found = []
    for name, (tenth, hundredth, above) in shares.items():
        found += [
            Claim("weights", name, "share with |w| < 0.1", f"about {tenth} %", _below(0.1)),
            Claim("weights", name, "share with |w| < 0.01", f"about {hundredth} %", _below(0.01)),
            Claim("weights", name, "share with |w| ≥ 0.1", f"about {above} %", _above(0.1)),
        ]
    by_block = [
        ("roberta", "encoder", "above", "|w| ≥ 0.1", "falls"),
        ("roberta", "encoder", "under", "|w| < 0.01", "rises"),
        ("gpt2", "decoder", "above", "|w| ≥ 0.1", "rises"),
        ("gpt2", "decoder", "between", "0.01 ≤ |w| < 0.1", "falls"),
        ("bart", "encoder", "above", "|w| ≥ 0.1", "falls"),
        ("bart", "encoder", "under", "|w| < 0.01", "rises"),
        ("bart", "decoder", "above", "|w| ≥ 0.1", "stable"),
        ("bart", "decoder", "under", "|w| < 0.01", "stable"),
    ]
    for name, stack, band, text, trend in by_block:
        says = f"share with {text} by depth, {stack}"
        found.append(Claim("layers", name, says, trend, _by_block(band, stack)))
    says = "the weights are normally distributed"
    found += [Claim("shape", name, says, "yes", _shape) for name in DISPLAY_NAMES]
    losses = {
        "roberta": "rises to 50 %, then falls",
        "gpt2": "rises, more slowly past 50 %",
        "bart": "rises to 50 %, then stays",
    }
    for name, course in losses.items():
        found.append(Claim("loss", name, "MRPC loss as sparsity grows", course, _loss))
    return tuple(found)


CLAIMS = _claims()
"""Every claim of the report, in the order of its sections."""
