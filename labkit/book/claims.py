"""What the course's original lab report claimed, beside what is measured.

The report's figures are its authors', for the published models; they are quoted here and not
measured.  The figures beside them come from a study: the mini zoo's, and those of the published
models once they have been studied on the reader's machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labkit.models.sources import DISPLAY_NAMES

if TYPE_CHECKING:
    import pandas as pd

    from labkit.study.run import Study

NOT_RUN = "not measured yet"
"""What stands where the published models were not studied on this machine."""

REPORT_SHARES = {"roberta": (90, 20, 10), "gpt2": (58, 7, 42), "bart": (90, 17, 10)}
"""The report's shares in percent, "about": with |w| < 0.1, with |w| < 0.01, above 0.1."""

_TREND = 0.8  # rank correlation with depth from which a trend is called one

REAL = {"roberta": "minilm", "gpt2": "smollm2"}
"""The real model of the same kind, encoder or decoder, that `real_weights` measures."""

Tables = Mapping[str, "pd.DataFrame"]
"""Tables of a study by name, as `Study.tables`: "results", "weights", "text_results"."""


@dataclass(frozen=True)
class Claim:
    """A sentence of the report, the figure it gave, and the function that measures the same."""

    topic: str
    name: str
    says: str
    figure: str
    measure: Callable[[Tables, str], str]


def claims_table(
    study: Study | Tables, hub: Tables | None = None, real: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """All claims as text, for people: one row per claim.

    Args:
        study: measured on the mini zoo, or its tables.
        hub: the tables of a study of the published models; None where that was not run.
        real: what the benchmark `real_weights` kept of two other, smaller models, each of which
            stands beside the claims on the model of its kind.

    Returns:
        Columns `topic` ("weights", "layers", "shape", "loss" or "text"), `model`, `claim`, `report`
        (the figure of the report), `mini`, `real` if it is given, and `hub` (measured; "–" where a
        study lacks the model).
    """
    import pandas as pd

    def measured(tables: Tables | None, claim: Claim) -> str:
        if tables is None or _results(claim) not in tables:
            return NOT_RUN
        title = _title(tables[_results(claim)], claim.name)
        return claim.measure(tables, title) if title else "–"

    def of_other(claim: Claim) -> dict[str, str]:
        if real is None:
            return {}
        found = real.get(REAL.get(claim.name, ""))
        if claim.topic == "text":
            return {"real": "–"}
        if not found or (claim.topic == "loss" and "accuracy" not in found["scores"]["levels"][0]):
            return {"real": "–"}
        return {"real": claim.measure(_real_tables(found), found["title"])}

    mini = study if isinstance(study, Mapping) else study.tables
    rows = [
        {
            "topic": claim.topic,
            "model": DISPLAY_NAMES[claim.name],
            "claim": claim.says,
            "report": claim.figure,
            "mini": measured(mini, claim),
            **of_other(claim),
            "hub": measured(hub, claim),
        }
        for claim in CLAIMS
    ]
    return pd.DataFrame(rows)


def claims_html(table: pd.DataFrame) -> str:
    """Rows of `claims_table` as a table for a page, under headings for people."""
    import pandas as pd

    headings = {
        "report": "lab report",
        "mini": "mini zoo",
        "real": "real weights: MiniLM, SmolLM2",
        "hub": "published models, measured by you",
    }
    # No line ends before a percent sign or within "|w| < 0.1", where a bar would let it.
    beside = "\N{WORD JOINER}\N{NO-BREAK SPACE}"
    kept = {" %": "\N{NO-BREAK SPACE}%", " ([<≤≥=]) ": f"{beside}\\1\N{NO-BREAK SPACE}"}
    text = table.drop(columns="topic").replace(kept, regex=True)
    with pd.option_context("display.max_colwidth", None):  # pandas would cut long text
        return text.rename(columns=headings).to_html(index=False, border=0, classes="words")


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


def _real_tables(found: Mapping[str, Any]) -> Tables:
    """A model of `real_weights` as the tables of a study."""
    import pandas as pd

    scores = pd.DataFrame(found["scores"]["levels"])
    tables = {"weights": pd.DataFrame(found["weights"]), "results": scores.assign(head="trained")}
    return {name: table.assign(model=found["title"]) for name, table in tables.items()}


def _results(claim: Claim) -> str:
    """The table of a study in which the claim's models stand: classifiers, or language models."""
    return "text_results" if claim.topic == "text" else "results"


def _title(results: pd.DataFrame, name: str) -> str | None:
    """The title of the course's model `name` in a study, with or without its source in front."""
    titles = results["model"].unique()
    return next((t for t in titles if t.split(" ")[-1] == DISPLAY_NAMES[name]), None)


def _whole(tables: Tables, title: str) -> pd.Series:
    """The row of all prunable weights of a model: its last, after its stacks."""
    table = tables["weights"]
    return table[(table["model"] == title) & (table["block"] == -1)].iloc[-1]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _below(threshold: float) -> Callable[[Tables, str], str]:
    return lambda tables, title: _percent(_whole(tables, title)[f"below_{threshold:g}"])


def _above(threshold: float) -> Callable[[Tables, str], str]:
    return lambda tables, title: _percent(1 - _whole(tables, title)[f"below_{threshold:g}"])


def _by_block(band: str, stack: str) -> Callable[[Tables, str], str]:
    """The share of the weights in a band, from the first block to the last, and its trend."""

    def measure(tables: Tables, title: str) -> str:
        table = tables["weights"]
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


def _shape(tables: Tables, title: str) -> str:
    row = _whole(tables, title)
    _, p = normality(row["weights"], row["skewness"], row["excess_kurtosis"])
    return f"excess kurtosis {row['excess_kurtosis']:.3f}; Jarque–Bera {p_text(p)}"


def _loss(tables: Tables, title: str) -> str:
    """Loss at each level, where it is highest, and from where on the model gives one answer."""
    results = tables["results"]
    rows = results[results["model"] == title].sort_values("level")
    levels = [f"{100 * level:g}" for level in rows["level"]]
    losses = [f"{loss:.2f}" for loss in rows["loss"]]
    text = f"{', '.join(losses)} at {', '.join(levels)} %"
    text += f"; highest at {levels[int(rows['loss'].to_numpy().argmax())]} %"
    collapsed = rows["collapsed_to"].notna().to_numpy()
    if collapsed.any():
        text += f"; one answer for all pairs from {levels[int(collapsed.argmax())]} %"
    return text + ("; head not trained" if (rows["head"] == "fresh").any() else "")


def _text_loss(tables: Tables, title: str) -> str:
    """Loss on text at each level, and from where on an even guess would be as good."""
    results = tables["text_results"]
    rows = results[results["model"] == title].sort_values("level")
    levels = [f"{100 * level:g}" for level in rows["level"]]
    losses = [f"{loss:.2f}" for loss in rows["text_loss"]]
    text = f"{', '.join(losses)} nats per token at {', '.join(levels)} %"
    worse = rows["text_collapsed"].to_numpy(dtype=bool)
    if worse.any():
        text += f"; worse than an even guess from {levels[int(worse.argmax())]} %"
    return text


def _claims() -> tuple[Claim, ...]:
    found = []
    for name, (tenth, hundredth, above) in REPORT_SHARES.items():
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
    says = "causal loss on WikiText as sparsity grows"
    found.append(Claim("text", "gpt2", says, "added later, not quoted", _text_loss))
    return tuple(found)


CLAIMS = _claims()
"""Every claim of the report, in the order of its sections."""
