"""The account of a model's blocks: every weight is prunable, or left out for a stated reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.models.prunable import block_parameters
from labkit.models.same_memory import distinct, place_of

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

WORTH_SAYING = 0.01
"""Share of the blocks' weights from which it is said that they are left out."""


@dataclass(frozen=True)
class AccountRow:
    """One parameter of two or more dimensions inside a block.

    `kind` is "linear", "expert" and so on (`parameter_kinds`); `reason` says why it is left out,
    and is empty where it is prunable.
    """

    name: str
    shape: tuple[int, ...]
    weights: int
    kind: str
    reason: str

    @property
    def prunable(self) -> bool:
        """Whether pruning acts on it."""
        return not self.reason


@dataclass(frozen=True)
class Account:
    """`rows` are all parameters of two or more dimensions inside the blocks, shared ones once.

    `outside` counts the weights of such parameters outside of them: embeddings and heads.
    """

    title: str
    rows: tuple[AccountRow, ...]
    outside: int

    @property
    def total(self) -> int:
        """Weights of all rows."""
        return sum(row.weights for row in self.rows)

    @property
    def prunable(self) -> int:
        """Weights that pruning acts on."""
        return sum(row.weights for row in self.rows if row.prunable)

    @property
    def left_out(self) -> int:
        """Weights that pruning leaves as they are."""
        return self.total - self.prunable

    @property
    def share_left_out(self) -> float:
        """Those left out of the blocks' weights, 0 to 1."""
        return self.left_out / self.total if self.total else 0.0

    @property
    def remark(self) -> str:
        """What has to be said where more than `WORTH_SAYING` is left out; else empty."""
        if self.share_left_out <= WORTH_SAYING:
            return ""
        reasons = [
            f"{weights / self.total:.1%} {reason}"
            for (_, reason), (_, weights) in self._groups().items()
            if reason and weights / self.total >= WORTH_SAYING / 10
        ]
        return (
            f"{self.title}: {self.share_left_out:.1%} of the weights in its blocks are not pruned "
            f"({'; '.join(reasons)})."
        )

    def table(self) -> pd.DataFrame:
        """One row per kind: model, kind, reason, parameters, weights, share of the blocks."""
        import pandas as pd

        columns = ["model", "kind", "reason", "parameters", "weights", "share"]
        rows = [
            (self.title, kind, reason, count, weights, weights / self.total if weights else 0.0)
            for (kind, reason), (count, weights) in self._groups().items()
        ]
        return pd.DataFrame(rows, columns=columns)

    def _groups(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(kind, reason) → parameters and weights; prunable ones first, then by weights."""
        groups: dict[tuple[str, str], tuple[int, int]] = {}
        for row in self.rows:
            count, weights = groups.get((row.kind, row.reason), (0, 0))
            groups[row.kind, row.reason] = count + 1, weights + row.weights
        order = sorted(groups, key=lambda key: (bool(key[1]), -groups[key][1]))
        return {key: groups[key] for key in order}


def parameter_account(model: nn.Module, *, title: str = "") -> Account:
    """Account for every parameter of two or more dimensions inside the blocks of `model`.

    Args:
        model: a `transformers` model; on the device "meta" too.
        title: name for tables; default: the model's class.

    Raises:
        InputError: as `prunable_layers`.
    """
    found = block_parameters(model)
    inside = {place_of(entry.parameter) for entry in found}
    rows = tuple(
        AccountRow(
            entry.name,
            tuple(entry.parameter.shape),
            entry.parameter.numel(),
            entry.kind.name,
            entry.kind.reason,
        )
        for entry in found
    )
    others = (p for p in distinct(model) if p.dim() > 1 and place_of(p) not in inside)
    return Account(title or type(model).__name__, rows, sum(p.numel() for p in others))


def accounts_table(accounts: Sequence[Account]) -> pd.DataFrame:
    """The tables of several accounts one below the other, as text, for people."""
    import pandas as pd

    if not accounts:
        return pd.DataFrame()
    table = pd.concat([account.table() for account in accounts], ignore_index=True)
    table["reason"] = [reason or "pruned" for reason in table["reason"]]
    table["weights"] = [f"{count:,}" for count in table["weights"]]
    table["share"] = [f"{share:.1%}" for share in table["share"]]
    return table.rename(columns={"reason": "pruned, or why not", "share": "of the blocks"})
