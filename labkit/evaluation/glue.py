"""GLUE's metric for MRPC as an `evaluate` module that needs no network.

`evaluate.load("glue", "mrpc")` fetches its definition from the hub when it runs; this is the same
definition (accuracy, and F1 of class 1), for `compute`, `add_batch` and `evaluate.combine`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from labkit.evaluation.metrics import accuracy, f1

if TYPE_CHECKING:
    import evaluate


def mrpc_metric() -> evaluate.Metric:
    """A fresh metric: `mrpc_metric().compute(predictions=..., references=...)`.

    Returns `{"accuracy": float, "f1": float}`, both 0 to 1.  Wang et al. (2018), GLUE, section 3.
    """
    return _metric_class()()


@cache
def _metric_class() -> type[evaluate.Metric]:
    import datasets
    import evaluate

    class GlueMrpc(evaluate.Metric):
        def _info(self) -> evaluate.MetricInfo:
            label = datasets.Value("int64")
            return evaluate.MetricInfo(
                description="Accuracy and F1 on MRPC as GLUE defines them.",
                citation="Wang et al. (2018), GLUE: A Multi-Task Benchmark.",
                inputs_description="Predicted and true classes, 0 or 1.",
                features=datasets.Features(predictions=label, references=label),
            )

        def _compute(self, predictions: list, references: list) -> dict[str, float]:
            return {
                "accuracy": accuracy(references, predictions),
                "f1": f1(references, predictions),
            }

    return GlueMrpc
