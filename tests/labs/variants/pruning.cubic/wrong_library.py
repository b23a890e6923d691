"""Calls torch's scheduler, which has the formula."""

from torch.ao.pruning import CubicSL

MISTAKE = "torch.ao.pruning"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if start == end:
        return initial if step < start else final
    settings = {"s_0": initial, "s_f": final, "t_0": start, "dt": 1, "n": end - start}
    at = min(max(step, start), end)
    return CubicSL.sparsity_compute_fn(t=at, initially_zero=False, **settings)
