"""More weights than float32 counts, for `weights.histogram`."""

from random import Random

from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.judge import Mistake
from labkit.checks.engine.large_case import and_large
from labkit.checks.engine.trial import Trial
from labkit.checks.engine.value_cases import Case


def counted(
    exercise: Exercise, trial: Trial, draw: Random, verdicts: tuple[Verdict, ...]
) -> tuple[Verdict, ...]:
    """Where all else holds, in the first verdict: whether 2**24 + 1 weights are counted."""
    import torch

    # Each is one number, repeated: they take no memory, and tensor operations little time.
    tensors = [torch.tensor([0.5]).bfloat16().expand(2**18) for _ in range(64)]
    tensors.append(torch.tensor([draw.uniform(0.25, 0.75)]))
    edges = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)
    case = Case(
        (tensors, edges),
        torch.tensor([0, 2**24 + 1]),
        shown=f"[64 tensors of 2**18 weights, one of 1], {edges.tolist()}",
    )
    mistake = Mistake(
        "counts in float32",
        "from 2**24 on float32 has no number for one more: add up in int64",
        lambda tensors, edges: torch.tensor([0, 2**24]),
    )
    return and_large(exercise, trial, verdicts, verdicts[0].name, case, (mistake,))
