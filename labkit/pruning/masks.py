"""Which weights go: the smallest of all, the smallest of each tensor, or any at random.

`mask` is True where a weight is kept, `sparsity` is the fraction of zeros, 0 to 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.models import float8
from labkit.models.prunable import check_values
from labkit.pruning import key_passes, threads, thresholds
from labkit.pruning.apply_rules import Rule, drop

if TYPE_CHECKING:
    import torch

Named = Iterable[tuple[str, np.ndarray]]
"""Names and scores of tensors, as bit patterns of one floating-point format."""


def check_sparsity(sparsity: float) -> float:
    """Return `sparsity` as a float if it is a number from 0 to 1.

    Raises:
        InputError: anything else (1.2, 90, nan, text); says how to write a percentage.
    """
    valid = isinstance(sparsity, Real) and not isinstance(sparsity, bool)
    if not valid or not 0 <= float(sparsity) <= 1:
        raise InputError(
            f"sparsity is {sparsity!r}; it is the fraction of zeros, a number from 0 to 1 "
            "(write 0.9 for 90 %)"
        )
    return float(sparsity)


def global_masks(tensors: Mapping[str, torch.Tensor], sparsity: float) -> dict[str, torch.Tensor]:
    """Masks that drop the entries of smallest magnitude over all tensors together.

    Exactly `round(sparsity * n)` of the `n` entries are dropped (Python's rounding, half to
    even).  Equal magnitudes are dropped in the order of the tensors, then of the flat index;
    0.0 and -0.0 are equal.  Identical to `torch.nn.utils.prune.global_unstructured` with
    `L1Unstructured` wherever magnitudes are distinct.  The threshold is found by counting, not by
    sorting, and nothing is concatenated: see `labkit.pruning.thresholds`.

    Args:
        tensors: name → floating-point tensor of any shape; empty tensors are allowed.
        sparsity: fraction to drop, 0 to 1.

    Returns:
        Name → bool tensor of the same shape and device, True where the entry is kept.

    Raises:
        InputError: `sparsity` outside 0 to 1, no entries at all, a tensor that is not
            floating-point or on the device "meta", or NaN or infinity in a tensor (named).
    """
    return _masks("global", tensors, sparsity)


def layerwise_masks(
    tensors: Mapping[str, torch.Tensor], sparsity: float
) -> dict[str, torch.Tensor]:
    """Masks that drop the same fraction, `round(sparsity * n_i)`, of each tensor.

    Raises and ties as in `global_masks`.
    """
    return _masks("layerwise", tensors, sparsity)


def random_masks(
    tensors: Mapping[str, torch.Tensor], sparsity: float, *, seed: int = 0
) -> dict[str, torch.Tensor]:
    """Masks that drop `round(sparsity * n)` entries drawn uniformly over all tensors.

    The baseline that a criterion has to beat.  Raises as `global_masks`.
    """
    return _masks("random", tensors, sparsity, seed)


def _weights(tensors: Mapping[str, torch.Tensor], seed: int) -> Iterator[torch.Tensor]:
    yield from tensors.values()


def _noise(tensors: Mapping[str, torch.Tensor], seed: int) -> Iterator[torch.Tensor]:
    """Drawn anew in each pass: all of it at once would take as much memory as the model."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    for tensor in tensors.values():
        yield torch.rand(tensor.shape, generator=generator, dtype=torch.float32)


METHODS: dict[str, tuple[Callable, bool]] = {
    "global": (_weights, True),
    "layerwise": (_weights, False),
    "random": (_noise, True),
}
"""Name → the scores whose smallest go, and whether they are ranked over all tensors together."""


class Selection:
    """What a method drops from some tensors, at each of several levels.

    `rules` has a list for each level, with the rule of each tensor in order.
    """

    def __init__(
        self, method: str, tensors: Mapping[str, torch.Tensor], levels: Sequence[float], seed: int
    ) -> None:
        import torch

        if method not in METHODS:
            raise InputError(f"no pruning method {method!r}: choose from {', '.join(METHODS)}")
        levels = [check_sparsity(level) for level in levels]
        self._make, together = METHODS[method]
        self._tensors, self._seed = tensors, seed
        self._dtype, self.format = _common_format(tensors)
        total = sum(tensor.numel() for tensor in tensors.values())
        if self._make is not _weights:
            _cuts(lambda: self._bits(_weights), self.format, total, ())  # looks for NaN
            self._dtype, self.format = torch.float32, thresholds.FORMATS["F32"]
        if together:
            cuts = _cuts(self.scores, self.format, total, levels)
            self.rules = [[rule] * len(tensors) for rule in cuts]
        else:
            each = [
                _cuts(lambda one=one: [one], self.format, len(one[1]), levels)
                for one in self.scores()
            ]
            self.rules = [list(rules) for rules in zip(*each, strict=True)]

    def scores(self) -> Named:
        """Name and scores of each tensor; those of weights are views wherever they can be."""
        return self._bits(self._make)

    def _bits(self, make: Callable) -> Named:
        import torch

        integers = getattr(torch, f"int{8 * self._dtype.itemsize}")
        for name, tensor in zip(self._tensors, make(self._tensors, self._seed), strict=True):
            flat = tensor.detach().to("cpu", self._dtype).reshape(-1)
            yield name, flat.view(integers).numpy().view(self.format.bits)


def _masks(
    method: str, tensors: Mapping[str, torch.Tensor], sparsity: float, seed: int = 0
) -> dict[str, torch.Tensor]:
    import torch

    selection = Selection(method, tensors, [sparsity], seed)
    masks = {}
    with threads.team() as team:
        for (name, bits), rule in zip(selection.scores(), selection.rules[0], strict=True):
            keep = np.empty(len(bits), np.bool_)
            drop([(bits, keep)], [rule], selection.format, team)
            tensor = tensors[name]
            masks[name] = torch.from_numpy(keep).view(tensor.shape).to(tensor.device)
    return masks


def _common_format(tensors: Mapping[str, torch.Tensor]) -> tuple[torch.dtype, thresholds.Format]:
    """The narrowest dtype that holds every entry exactly."""
    import torch

    names = {
        torch.float16: "F16",
        torch.bfloat16: "BF16",
        torch.float32: "F32",
        torch.float64: "F64",
    }
    for name, tensor in tensors.items():
        if float8.ranked(tensor.dtype) not in names:
            raise InputError(
                f"{name} has dtype {tensor.dtype}; pruning needs floating point: float64, float32, "
                f"float16, bfloat16, {' or '.join(float8.DTYPES)}"
            )
        check_values(name, tensor)
    if not any(tensor.numel() for tensor in tensors.values()):
        raise InputError("there are no weights to prune: every tensor is empty")
    dtypes = (float8.ranked(tensor.dtype) for tensor in tensors.values())
    common = reduce(torch.promote_types, dtypes)
    return common, thresholds.FORMATS[names[common]]


def _cuts(
    source: Callable[[], Named], form: thresholds.Format, total: int, levels: Sequence[float]
) -> list[Rule]:
    """For each level the rule that drops that share of the `total` scores, ranked together."""
    ranks = [round(level * total) for level in levels]
    if total < thresholds.SMALL:
        return _cuts_of_few(source, form, ranks)
    with threads.team() as team:

        def count(brackets: list[thresholds.Bracket]) -> thresholds.Tally:
            counters = [key_passes.Counter(form, brackets) for _ in range(threads.cores())]
            invalid: Counter[tuple[int, str]] = Counter()

            def adds_to(counter: key_passes.Counter) -> Callable:
                def add(item: tuple[tuple[int, str], np.ndarray]) -> None:
                    if found := counter.add(item[1]):
                        invalid[item[0]] += found

                return add

            tensors = enumerate(source())
            items = (((n, name), p) for n, (name, bits) in tensors for p in threads.pieces(bits))
            threads.deal(team, [adds_to(counter) for counter in counters], items)
            for (_, name), found in sorted(invalid.items()):
                raise _unranked(name, found)
            tallies = team.map(key_passes.Counter.tally, counters)
            return reduce(thresholds.Tally.plus, tallies)

        sample = np.concatenate([thresholds.sample_of(bits, total) for _, bits in source()])
        guesses = thresholds.guess(sample, form, [rank / total for rank in ranks])
        return [Rule(*cut) for cut in thresholds.thresholds(count, form.infinity, ranks, guesses)]


def _cuts_of_few(
    source: Callable[[], Named], form: thresholds.Format, ranks: Sequence[int]
) -> list[Rule]:
    """`_cuts`, of few scores."""
    keys = {name: bits & form.bits(form.magnitude) for name, bits in source()}
    for name, own in keys.items():
        if found := np.count_nonzero(own >= form.infinity):
            raise _unranked(name, found)
    cuts = thresholds.sorted_thresholds(np.concatenate(list(keys.values())), ranks)
    return [Rule(*cut) for cut in cuts]


def _unranked(name: str, found: int) -> InputError:
    return InputError(
        f"{name} holds {found} NaN or infinite values: their magnitude cannot be "
        "ranked. Load the checkpoint again, or look for what made them."
    )
