"""2:4 masks on an NVIDIA GPU: torch's semi-structured layers against dense ones, half precision."""

from __future__ import annotations

import torch

from benchmarks.compare import Claim

SHAPES = ((768, 768), (3072, 768), (768, 3072), (4096, 4096), (11008, 4096))  # outputs, inputs
TOKENS = (1024, 8192)
RUNS = 50


def run() -> Claim:
    """The table; its rows say "not measured" where no GPU with sparse tensor cores is at hand."""
    measured = torch.cuda.is_available() and torch.cuda.get_device_capability() >= (8, 0)
    rows, over = [], []
    for tokens in TOKENS:
        for outputs, inputs in SHAPES:
            row = ("not measured",) * 3
            if measured:
                dense, sparse = _milliseconds(outputs, inputs, tokens)
                over.append(dense / sparse)
                row = (f"{dense:.3f}", f"{sparse:.3f}", f"{dense / sparse:.2f} ×")
            rows.append((f"{inputs} → {outputs}", f"{tokens:,}", *row))
    where = torch.cuda.get_device_name() if measured else "no GPU was at hand"
    headline = (
        "2:4 masks on an NVIDIA GPU, half precision",
        "dense torch",
        f"{min(over):.1f} to {max(over):.1f} × faster ({where})" if measured else "not measured",
    )
    return Claim(
        title="2:4 masks on an NVIDIA GPU",
        columns=("layer", "tokens", "dense (ms)", "2:4 (ms)", "faster"),
        rows=tuple(rows),
        note=f"torch.sparse.to_sparse_semi_structured, float16, {where}; the 2:4 pattern saves "
        "time only on hardware that has it: NVIDIA's tensor cores from Ampere on.",
        headlines=(headline,),
    )


def _milliseconds(outputs: int, inputs: int, tokens: int) -> tuple[float, float]:
    """Median milliseconds of the dense and of the semi-structured layer, in turn."""
    from torch.sparse import to_sparse_semi_structured

    torch.manual_seed(0)
    half = {"device": "cuda", "dtype": torch.float16}
    x, weight = torch.randn(tokens, inputs, **half), torch.randn(outputs, inputs, **half)
    groups = weight.abs().view(outputs, -1, 4)
    mask = torch.zeros_like(groups, dtype=torch.bool)
    mask.scatter_(-1, groups.topk(2).indices, True)
    pruned = weight * mask.view_as(weight)
    layers = pruned, to_sparse_semi_structured(pruned)
    with torch.inference_mode():
        expected, got = (torch.nn.functional.linear(x, w) for w in layers)
        torch.testing.assert_close(got, expected, atol=0.5, rtol=1e-2)
        times = [[], []]
        for _ in range(RUNS):
            for w, found in zip(layers, times, strict=True):
                start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
                start.record()
                torch.nn.functional.linear(x, w)
                end.record()
                end.synchronize()
                found.append(start.elapsed_time(end))
    dense, sparse = (sorted(found)[RUNS // 2] for found in times)
    return dense, sparse
