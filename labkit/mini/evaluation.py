"""What the recipe measures on held-out pairs, and the figures that a model card shows."""

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from labkit.mini.batches import encode_pairs
from labkit.mini.grammar import KINDS, Pair
from labkit.mini.models import class_logits, token_states
from labkit.mini.stages import (
    Learner,
    copying_scores,
    detection_logits,
    detection_targets,
)

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_ROWS = 102


def predict(
    name: str,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerFast",
    pairs: Sequence[Pair],
) -> "Tensor":
    """The predicted label (int64, 0 or 1) of each pair, in batches of 102 padded on the right."""
    import torch

    predictions = []
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(pairs), _ROWS):
            batch = encode_pairs(tokenizer, pairs[start : start + _ROWS])
            state = token_states(name, model, batch.ids, batch.mask)[-1]
            predictions.append(class_logits(name, model, state, batch.mask).argmax(dim=1))
    return torch.cat(predictions)


def stage_accuracy(learner: Learner, stage: str, pairs: Sequence[Pair]) -> float:
    """How well a stage's question is answered on held-out pairs, 0 to 1.

    Copying: share of hidden slot words of paraphrases that come out right; detection: mean of the
    shares of changed and of unchanged slots found (0.5 is chance); classification: share of pairs.
    """
    import torch

    learner.model.eval()
    if stage == "classification":
        predicted = predict(learner.name, learner.model, learner.tokenizer, pairs)
        truth = torch.tensor([pair.label for pair in pairs])
        return float((predicted == truth).double().mean())
    with torch.inference_mode():
        if stage == "copying":
            batch = encode_pairs(learner.tokenizer, [pair for pair in pairs if pair.label == 1])
            return float(copying_scores(learner, batch, Random(0))[1])
        batch = encode_pairs(learner.tokenizer, pairs)
        states = token_states(learner.name, learner.model, batch.ids, batch.mask)
        target = detection_targets(learner, batch)
        logits = detection_logits(learner, states)[-1]
        right = ((logits > 0) == batch.changed).double()
        # Most slots are unchanged: the two recalls count the same.
        recalls = [right[target & (batch.changed == side)].mean() for side in (True, False)]
        return float(sum(recalls) / 2)


def accuracy_tables(pairs: Sequence[Pair], predicted: Sequence[int]) -> dict[str, dict]:
    """Accuracy by number of differing slots and by kind of difference.

    Returns `by_differences` ("0" is the paraphrases) and `by_kind`, each from a name to
    [right, all].  A pair with several kinds counts under each of them; `only_kind` has the pairs
    that differ in one slot only.
    """
    by_differences = {str(n): [0, 0] for n in range(5)}
    by_kind = {kind: [0, 0] for kind in KINDS}
    only_kind = {kind: [0, 0] for kind in KINDS}
    for pair, label in zip(pairs, predicted, strict=True):
        right = int(int(label) == pair.label)
        cells = [by_differences[str(pair.differences)], *(by_kind[kind] for kind in pair.kinds)]
        if pair.differences == 1:
            cells.append(only_kind[pair.kinds[0]])
        for cell in cells:
            cell[0] += right
            cell[1] += 1
    return {"by_differences": by_differences, "by_kind": by_kind, "only_kind": only_kind}
