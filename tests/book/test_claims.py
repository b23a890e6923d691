import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labkit.book import claims
from labkit.book.claims import claims_html, claims_table, normality, p_text
from labkit.study.run import Study, run_study
from labkit.study.settings import Settings

LEVELS = [0.0, 0.5, 0.9]


def weight_rows(title, stack, above, under):
    """A model's rows in `weight_table`: its blocks, and the whole."""
    blocks = [
        {"block": block, "below_0.1": 1 - a, "below_0.01": u}
        for block, (a, u) in enumerate(zip(above, under, strict=True))
    ]
    whole = {"block": -1, "below_0.1": 1 - np.mean(above), "below_0.01": np.mean(under)}
    moments = {"weights": 1000, "skewness": 0.0, "excess_kurtosis": 2.0}
    return [{"model": title, "stack": stack, **row, **moments} for row in (*blocks, whole)]


def study_of(results, weights):
    """A study whose tables are these."""

    class Made(Study):
        weight_table = pd.DataFrame(weights)

    return Made(Settings(), results, results, results, ())


def made(titles=("RoBERTa", "GPT-2"), losses=(0.1, 0.9, 0.7), collapsed=(None, None, 1)):
    """A study with known answers: RoBERTa's large weights get fewer with depth, GPT-2's more."""
    first, second = titles
    weights = weight_rows(first, "encoder", (0.3, 0.2, 0.1), (0.1, 0.2, 0.3))
    weights += weight_rows(second, "decoder", (0.1, 0.2, 0.3), (0.1, 0.1, 0.1))
    results = [
        {"model": title, "level": level, "loss": loss, "collapsed_to": one, "head": "trained"}
        for title in titles
        for level, loss, one in zip(LEVELS, losses, collapsed, strict=True)
    ]
    results = pd.DataFrame(results).astype({"collapsed_to": "Int64"})
    return study_of(results, weights)


def test_every_claim_of_the_report_stands_in_the_table():
    table = claims_table(made())
    assert list(table.columns) == ["topic", "model", "claim", "report", "mini", "hub"]
    counts = table.groupby(["topic", "model"]).size()
    assert counts["weights"].to_dict() == {"RoBERTa": 3, "GPT-2": 3, "BART": 3}
    assert counts["layers"].to_dict() == {"RoBERTa": 2, "GPT-2": 2, "BART": 4}
    assert (counts["shape"] == 1).all() and (counts["loss"] == 1).all()
    figures = table.query("topic == 'weights'").groupby("model", sort=False)["report"].agg(list)
    numbers = {m: [int(t.split()[1]) for t in texts] for m, texts in figures.items()}
    assert numbers == {"RoBERTa": [90, 20, 10], "GPT-2": [58, 7, 42], "BART": [90, 17, 10]}


def test_shares_trends_and_losses_are_those_of_the_study():
    table = claims_table(made()).set_index(["model", "claim"])["mini"]
    assert table["RoBERTa", "share with |w| < 0.1"] == "80.0 %"
    assert table["RoBERTa", "share with |w| ≥ 0.1"] == "20.0 %"
    falls = table["RoBERTa", "share with |w| ≥ 0.1 by depth, encoder"]
    assert falls == "30.0 → 10.0 % over 3 blocks: falls"
    assert table["RoBERTa", "share with |w| < 0.01 by depth, encoder"].endswith("rises")
    assert table["GPT-2", "share with |w| ≥ 0.1 by depth, decoder"].endswith("rises")
    between = table["GPT-2", "share with 0.01 ≤ |w| < 0.1 by depth, decoder"]
    assert between == "80.0 → 60.0 % over 3 blocks: falls"
    loss = table["GPT-2", "MRPC loss as sparsity grows"]
    assert loss.startswith("0.10, 0.90, 0.70 at 0, 50, 90 %; highest at 50 %")
    assert loss.endswith("one answer for all pairs from 90 %")


def test_a_share_that_goes_up_and_down_is_no_trend():
    study = made()
    weights = weight_rows("RoBERTa", "encoder", (0.3, 0.1, 0.2, 0.3), (0.1, 0.1, 0.1, 0.1))
    results = study.results.query("model == 'RoBERTa'")
    table = claims_table(study_of(results, weights))
    trends = table.query("topic == 'layers' and model == 'RoBERTa'")["mini"]
    assert trends.str.endswith("no clear trend").all()


def test_the_published_models_stand_beside_the_mini_ones_once_they_were_studied():
    mini = made(("mini RoBERTa", "mini GPT-2"))
    assert (claims_table(mini)["hub"] == claims.NOT_RUN).all()
    hub = made(losses=(0.4, 0.5, 0.6), collapsed=(None, None, None))
    table = claims_table(mini, hub.tables).query("topic == 'loss'").set_index("model")
    assert "highest at 50 %" in table["mini"]["GPT-2"]
    assert table["hub"]["GPT-2"].endswith("highest at 90 %")
    assert table["hub"]["BART"] == table["mini"]["BART"] == "–"


def test_the_loss_on_text_is_there_once_it_was_measured():
    study = made(("mini RoBERTa", "mini GPT-2"))
    row = claims_table(study, study.tables).query("topic == 'text'").iloc[0]
    assert row["mini"] == row["hub"] == claims.NOT_RUN
    text = pd.DataFrame({"model": "GPT-2", "level": LEVELS, "text_loss": [3.2, 7.9, 12.0]})
    hub = {"text_results": text.assign(text_collapsed=[False, False, True])}
    table = claims_table(study, hub)
    assert table.query("topic == 'text'")["hub"].iloc[0] == (
        "3.20, 7.90, 12.00 nats per token at 0, 50, 90 %; worse than an even guess from 90 %"
    )
    # A study of language models alone says nothing of the rest.
    assert (table.query("topic != 'text'")["hub"] == claims.NOT_RUN).all()


def test_a_head_that_was_drawn_at_random_is_named():
    tables = made().tables
    fresh = tables | {"results": tables["results"].assign(head="fresh")}
    table = claims_table(made(), fresh).query("topic == 'loss'")
    assert table["hub"].iloc[0].endswith("head not trained")
    assert "head" not in table["mini"].iloc[0]


def test_the_table_for_a_page_cuts_nothing_and_escapes():
    html = claims_html(claims_table(made()))
    assert "one answer for all pairs from 90\N{NO-BREAK SPACE}%" in html and "..." not in html
    text = html.replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " ")
    assert "|w| &lt; 0.1" in text and "|w| " not in html and "<th>topic" not in html
    # Nothing of the published models, and no text in the study of the mini ones.
    assert html.count("<td>not measured yet</td>") == len(claims.CLAIMS) + 1


@pytest.mark.parametrize("draw", ["normal", "laplace"])
def test_the_test_of_normality_is_scipys(draw):
    values = getattr(np.random.default_rng(3), draw)(size=5000)
    moments = stats.skew(values), stats.kurtosis(values)
    expected = stats.jarque_bera(values)
    assert normality(len(values), *moments) == pytest.approx(tuple(expected), rel=1e-6)
    assert (expected.pvalue < 0.001) == (draw == "laplace")


def test_a_p_value_is_never_printed_as_zero():
    assert normality(10**6, 0.0, 3.0)[1] == 0 and p_text(0.0) == "p < 0.001"
    assert p_text(0.0213) == "p = 0.021"


def test_a_real_study_and_its_saved_tables_say_the_same(tmp_path):
    settings = Settings(models=("gpt2",), levels=(0.0, 0.9), limit=8, length=8, batch_size=1)
    study = run_study(settings, tmp_path)
    files = {path.stem: pd.read_parquet(path) for path in (tmp_path / "tables").glob("*.parquet")}
    table = claims_table(study, files).query("model == 'GPT-2'")
    assert table["mini"].tolist() == table["hub"].tolist()
    shares = study.weights[0].overall.share_below
    assert table["mini"].iloc[0] == f"{100 * shares[0.1]:.1f} %"


def test_real_weights_stand_beside_the_models_of_their_kind_only():
    weights = weight_rows("MiniLM", "encoder", (0.3, 0.2, 0.1), (0.1, 0.2, 0.3))
    levels = [
        {"level": level, "loss": loss, "accuracy": 0.5, "collapsed_to": one}
        for level, loss, one in zip(LEVELS, (0.4, 0.6, 0.9), (None, None, 1), strict=True)
    ]
    tokens = [{"level": level, "loss": 4.0} for level in LEVELS]
    decoder = weight_rows("SmolLM2", "decoder", (0.5, 0.5), (0.1, 0.1))
    real = {
        "minilm": {"title": "MiniLM", "weights": weights, "scores": {"levels": levels}},
        "smollm2": {"title": "SmolLM2", "weights": decoder, "scores": {"levels": tokens}},
    }
    table = claims_table(made(), real=real).set_index(["model", "claim"])["real"]
    assert table["RoBERTa", "share with |w| < 0.1"] == "80.0 %"
    assert table["RoBERTa", "share with |w| ≥ 0.1 by depth, encoder"].endswith("falls")
    assert table["GPT-2", "share with |w| ≥ 0.1"] == "50.0 %"
    loss = "MRPC loss as sparsity grows"
    assert table["RoBERTa", loss].startswith("0.40, 0.60, 0.90 at 0, 50, 90 %")
    assert table["GPT-2", loss] == "–"  # its loss is that of the next token
    assert (table["BART"] == "–").all()
    assert "MiniLM, SmolLM2" in claims_html(claims_table(made(), real=real))
