"""Right and wrong answers to the exercise `language.loss`."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from torch import Tensor

Chooses = Callable[["Tensor"], "Tensor"]


def costs(logits: "Tensor", ids: "Tensor") -> "Tensor":
    """Cross-entropy of each token, float64: shape (rows, length) for logits of the same length."""
    return -logits.double().log_softmax(-1).gather(-1, ids[..., None])[..., 0]


def both(mask: "Tensor") -> "Tensor":
    """Tokens with a token before them: bool (B, T - 1), for the places from the second on."""
    return (mask[:, 1:] * mask[:, :-1]).bool()


def _mean(losses: "Tensor", counted: "Tensor", empty: float = 0.0) -> dict[str, Any]:
    tokens = int(counted.sum())
    loss = float(losses[counted].double().sum()) / tokens if tokens else empty
    return {"loss": loss, "tokens": tokens}


def token_loss(
    logits: "Tensor",
    ids: "Tensor",
    mask: "Tensor",
    cost: Callable[..., "Tensor"] = costs,
    chooses: Chooses = both,
    empty: float = 0.0,
) -> dict[str, Any]:
    """The right answer, or one with another cost or another choice of tokens."""
    return _mean(cost(logits[:, :-1], ids[:, 1:]), chooses(mask), empty)


def _in_place(logits: "Tensor", ids: "Tensor", mask: "Tensor", counted: int) -> dict[str, Any]:
    """Each token's own logits; counted are all tokens or all but the first."""
    chosen = (mask.bool(), both(mask))[counted]
    return _mean(costs(logits, ids)[:, counted:], chosen)


def _backwards(logits: "Tensor", ids: "Tensor", mask: "Tensor") -> dict[str, Any]:
    return _mean(costs(logits[:, 1:], ids[:, :-1]), both(mask))


def _joined(logits: "Tensor", ids: "Tensor", mask: "Tensor") -> dict[str, Any]:
    """All rows in one, so that a row's last token predicts the first one of the next row."""
    flat = logits.reshape(1, -1, logits.shape[-1])
    return token_loss(flat, ids.reshape(1, -1), mask.reshape(1, -1))


def _row_means(logits: "Tensor", ids: "Tensor", mask: "Tensor", full: bool) -> dict[str, Any]:
    """The mean of the rows' means, over all rows or over those that have one."""
    answer = token_loss(logits, ids, mask)
    rows = [token_loss(*(part[i : i + 1] for part in (logits, ids, mask))) for i in range(len(ids))]
    means = [row["loss"] for row in rows if full or row["tokens"]]
    return answer | {"loss": sum(means) / len(means) if means else 0.0}


def _by_id(padding: int) -> Callable[..., dict[str, Any]]:
    """Leaves out what has the id of the padding, taken to be this one."""

    def answer(logits: "Tensor", ids: "Tensor", mask: "Tensor") -> dict[str, Any]:
        return token_loss(logits, ids, mask, chooses=lambda _: ids[:, 1:] != padding)

    return answer


def _with_nothing_between(value: float) -> Callable[..., dict[str, Any]]:
    return lambda logits, ids, mask: token_loss(logits, ids, mask, empty=value)


def _of_softmax(added: float) -> Callable[..., "Tensor"]:
    """Cost by the logarithm of a float32 softmax, to which a small number may be added."""

    def cost(logits: "Tensor", ids: "Tensor") -> "Tensor":
        return -(logits.float().softmax(-1) + added).log().gather(-1, ids[..., None])[..., 0]

    return cost


def _exponentials(logits: "Tensor", ids: "Tensor") -> "Tensor":
    """The textbook formula in float32, which overflows."""
    logits = logits.float()
    return logits.exp().sum(-1).log() - logits.gather(-1, ids[..., None])[..., 0]


def _twice(logits: "Tensor", ids: "Tensor") -> "Tensor":
    return costs(logits.float().softmax(-1), ids)


def _short(logits: "Tensor", ids: "Tensor") -> "Tensor":
    """Costs in the dtype of the logits."""
    return -logits.log_softmax(-1).gather(-1, ids[..., None])[..., 0]


def _torch_each(logits: "Tensor", ids: "Tensor") -> "Tensor":
    """Costs in that dtype as torch's cross-entropy rounds them."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits.transpose(1, 2), ids, reduction="none")


def _all_short(logits: "Tensor", ids: "Tensor", mask: "Tensor") -> dict[str, Any]:
    """Their mean in that dtype as well."""
    found = _short(logits[:, :-1], ids[:, 1:])[both(mask)]
    return {"loss": float(found.mean()) if len(found) else 0.0, "tokens": len(found)}


def _torch_short(logits: "Tensor", ids: "Tensor", mask: "Tensor") -> dict[str, Any]:
    """The mean that torch's cross-entropy takes in that dtype."""
    from torch.nn.functional import cross_entropy

    chosen = both(mask)
    picked = logits[:, :-1][chosen]
    loss = float(cross_entropy(picked, ids[:, 1:][chosen])) if len(picked) else 0.0
    return {"loss": loss, "tokens": len(picked)}


def _changed(change: Callable[[dict[str, Any], "Tensor"], dict[str, Any]]) -> Callable[..., Any]:
    """The right answer with something in it changed; `change` gets it, and the mask."""

    def answer(logits: "Tensor", ids: "Tensor", mask: "Tensor") -> dict[str, Any]:
        right = token_loss(logits, ids, mask)
        return right | change(right, mask)

    return answer


def _per_token(right: dict[str, Any], mask: "Tensor", both_values: bool = False) -> dict[str, Any]:
    tokens = int(mask.sum())
    loss = right["loss"] * right["tokens"] / max(tokens, 1)
    return {"loss": loss, **({"tokens": tokens} if both_values else {})}


_ALL = "the first token of each row is predicted from nothing: it counts neither above nor below"

MISTAKES = (
    *(
        Mistake(
            "logits not shifted",
            "the logits at a position are about the next token: those at t belong to token t + 1",
            lambda *given, counted=counted: _in_place(*given, counted=counted),
        )
        for counted in (0, 1)
    ),
    Mistake(
        "shifted the wrong way",
        "the logits at t belong to the token at t + 1, not to the one at t - 1",
        _backwards,
    ),
    Mistake(
        "rows joined",
        "the last token of a row says nothing about the first one of the next row: shift within "
        "each row",
        _joined,
    ),
    Mistake(
        "padding counted",
        "a prediction counts where the predicted token and the one before it are text",
        lambda *given: token_loss(*given, chooses=lambda mask: mask[:, 1:] >= 0),
    ),
    Mistake(
        "the first token predicted from padding",
        "where padding stands before the text, the first token has no token before it: the mask "
        "has to be 1 at both",
        lambda *given: token_loss(*given, chooses=lambda mask: mask[:, 1:].bool()),
    ),
    Mistake(
        "padding predicted",
        "where padding stands behind the text, the last token predicts no token: the mask has to "
        "be 1 at both",
        lambda *given: token_loss(*given, chooses=lambda mask: mask[:, :-1].bool()),
    ),
    *(
        Mistake(
            "padding known by its id",
            "any id may be that of the padding, and a token may have it too: ask the mask",
            answer,
        )
        for answer in (_by_id(0), _by_id(1), _by_id(-100))
    ),
    *(
        Mistake(
            "the mean of row means",
            "a short row then counts as much as a long one: add up over all tokens, divide once",
            lambda *given, full=full: _row_means(*given, full=full),
        )
        for full in (False, True)
    ),
    Mistake(
        "a sum",
        "the loss is a mean: divide by the number of predicted tokens",
        _changed(lambda right, mask: {"loss": right["loss"] * right["tokens"]}),
    ),
    Mistake(
        "bits",
        "nats go with the natural logarithm; log2 gives bits",
        _changed(lambda right, mask: {"loss": right["loss"] / math.log(2)}),
    ),
    Mistake(
        "perplexity for loss",
        "the loss is the mean itself; its exponential is the perplexity",
        _changed(lambda right, mask: {"loss": math.exp(right["loss"])}),
    ),
    Mistake(
        "the sign",
        "the cross-entropy is minus the logarithm of a probability: 0 or more",
        _changed(lambda right, mask: {"loss": -right["loss"]}),
    ),
    *(
        Mistake("all tokens counted", _ALL, _changed(change))
        for change in (
            _per_token,
            lambda right, mask: _per_token(right, mask, both_values=True),
            lambda right, mask: {"tokens": int(mask.sum())},
        )
    ),
    *(
        Mistake(
            "places counted for tokens",
            "the places of a batch hold padding too; only predicted tokens count",
            _changed(change),
        )
        for change in (
            lambda right, mask: {"tokens": mask[:, 1:].numel()},
            lambda right, mask: {
                "loss": right["loss"] * right["tokens"] / max(mask[:, 1:].numel(), 1)
            },
            lambda right, mask: {
                "loss": right["loss"] * right["tokens"] / max(mask[:, 1:].numel(), 1),
                "tokens": mask[:, 1:].numel(),
            },
        )
    ),
    *(
        Mistake(
            "the logarithm of a softmax",
            "far from the largest logit the softmax is 0, and its logarithm is infinite; "
            "log_softmax stays finite",
            lambda *given, cost=cost: token_loss(*given, cost=cost),
        )
        for cost in (
            *(_of_softmax(added) for added in (0.0, 1e-6, 1e-8, 1e-9, 1e-10, 1e-12)),
            _exponentials,
        )
    ),
    Mistake(
        "softmax twice",
        "cross_entropy takes logits: it applies the softmax itself",
        lambda *given: token_loss(*given, cost=_twice),
    ),
    *(
        Mistake(
            "half precision",
            "float16 and bfloat16 keep three digits or fewer: compute in float32",
            answer,
        )
        for answer in (
            lambda *given: token_loss(*given, cost=_short),
            lambda *given: token_loss(*given, cost=_torch_each),
            _all_short,
            _torch_short,
        )
    ),
    Mistake(
        "nothing to predict",
        "where no token is predicted the loss is 0.0",
        _with_nothing_between(math.nan),
        error="ZeroDivisionError",
    ),
)
