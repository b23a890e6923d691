"""The three stages of the recipe: copying, replaced-token detection, sequence classification.

Stage 1 teaches heads to look across to the other sentence: masked words of one sentence of a
paraphrase pair have to be read off the other (GPT-2: the second sentence has to be predicted).
Stage 2 asks of every slot whether it differs from the other sentence's, after Clark et al.
2020, "ELECTRA: Pre-training Text Encoders as Discriminators Rather Than Generators".  Stage 3
trains the classifier, with stage 2's question as a second loss and a curriculum from many
differing slots to one (Bengio et al. 2009, "Curriculum Learning").
"""

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from labkit.mini.batches import SLOTS, VERB, Batch, draw_pairs, encode_pairs
from labkit.mini.models import WIDTH, class_logits, token_states
from labkit.mini.standins import stand_in

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

STAGES: Final = ("copying", "detection", "classification")
BATCH: Final[dict[str, int]] = {"roberta": 32, "gpt2": 48, "bart": 32}  # pairs
PEAK_RATE: Final = 1e-3
_SLOT_MASKED, _REST_MASKED = 0.6, 0.05
_STAND_IN: Final = 0.6
# Copying needs paraphrases, detection changes; the classifier sees both classes equally often.
_POSITIVE_SHARE: Final = {"copying": 1.0, "detection": 0.25, "classification": 0.5}
_DETECTION_SHARE: Final = 0.5


@dataclass(frozen=True)
class Learner:
    """What is trained: the model, and the heads that only stages 1 and 2 use.

    With `groups` of token ids, some hidden words give way to others of their group in stage 1.
    """

    name: str
    tokenizer: "PreTrainedTokenizerFast"
    model: "PreTrainedModel"
    heads: "nn.ModuleDict"
    groups: tuple["Tensor", ...] = ()


def build_heads(name: str, vocabulary: int, seed: int) -> "nn.ModuleDict":
    """Heads for words (`transform`, `bias`) and for changes (`detect`), one for each state."""
    import torch
    from torch import nn

    states = 2 if name == "bart" else 1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.ModuleDict(
            {
                "transform": nn.ModuleList(
                    nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.LayerNorm(WIDTH))
                    for _ in range(states)
                ),
                "bias": nn.ParameterList([nn.Parameter(torch.zeros(vocabulary))]),
                "detect": nn.ModuleList(
                    nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 1))
                    for _ in range(states)
                ),
            }
        )


def difference_weights(progress: float) -> tuple[float, ...]:
    """Chances of 1, 2, 3 and 4 differing slots at a point (0 to 1) of stage 2 or 3.

    They go in a straight line from mostly four to mostly one over the first half of the stage and
    stay there.
    """
    early, late = (0.1, 0.2, 0.3, 0.4), (0.65, 0.2, 0.1, 0.05)
    share = min(1.0, 2 * progress)
    return tuple(a + share * (b - a) for a, b in zip(early, late, strict=True))


def rate(step: int, steps: int) -> float:
    """Learning rate of a step: up in the first tenth, then down along a cosine (one cycle)."""
    import math

    warm = max(1, steps // 10)
    if step < warm:
        return PEAK_RATE * (step + 1) / warm
    return PEAK_RATE * (
        0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))
    )


def draw_batch(learner: Learner, stage: str, progress: float, rng: Random) -> Batch:
    """The batch of one step of a stage at a point (0 to 1) of it."""
    weights = difference_weights(progress)
    pairs = draw_pairs(rng, BATCH[learner.name], weights, positive_share=_POSITIVE_SHARE[stage])
    return encode_pairs(learner.tokenizer, pairs)


def stage_loss(learner: Learner, stage: str, batch: Batch, rng: Random) -> "Tensor":
    """The loss (a scalar) of one stage on one batch; `rng` decides what is masked."""
    if stage == "copying":
        return copying_scores(learner, batch, rng)[0]
    states = token_states(learner.name, learner.model, batch.ids, batch.mask)
    detection = _detection_loss(learner, batch, states)
    if stage == "detection":
        return detection
    from torch.nn.functional import cross_entropy

    logits = class_logits(learner.name, learner.model, states[-1], batch.mask)
    return cross_entropy(logits, batch.labels) + _DETECTION_SHARE * detection


def copying_scores(learner: Learner, batch: Batch, rng: Random) -> tuple["Tensor", "Tensor"]:
    """Loss of the hidden words, and the share (0 to 1) of hidden slot words that came out right."""
    import torch

    generator = torch.Generator().manual_seed(rng.getrandbits(62))
    slot = (batch.slot > 0) & (batch.slot != VERB)
    if learner.name == "gpt2":
        # The state before a token predicts it; only the second sentence has something to copy.
        states = token_states(learner.name, learner.model, batch.ids, batch.mask)
        target = batch.side[:, 1:] == 2
        weights = torch.where(slot[:, 1:], 1.0, _REST_MASKED)[target]
        return _word_scores(
            learner, [states[0][:, :-1]], batch.ids[:, 1:], target, weights, slot[:, 1:]
        )
    draws = torch.rand(batch.ids.shape, generator=generator)
    # For each slot of a row one side is hidden, so that the other still has the word.
    sides = torch.randint(1, 3, (len(batch.ids), 1 + len(SLOTS)), generator=generator)
    hidden = (batch.side == sides.gather(1, batch.slot)) & (
        draws < torch.where(slot, _SLOT_MASKED, _REST_MASKED)
    )
    ids = batch.ids.masked_fill(hidden, learner.tokenizer.mask_token_id)
    if learner.groups:
        swapped = hidden & (torch.rand(ids.shape, generator=generator) < _STAND_IN)
        other = stand_in(batch.ids, swapped, learner.groups, generator)
        ids = torch.where(other != batch.ids, other, ids)
    states = token_states(learner.name, learner.model, ids, batch.mask)
    weights = torch.ones(int(hidden.sum()))
    return _word_scores(learner, states, batch.ids, hidden, weights, slot)


def _word_scores(
    learner: Learner,
    states: list["Tensor"],
    ids: "Tensor",
    target: "Tensor",
    weights: "Tensor",
    slot: "Tensor",
) -> tuple["Tensor", "Tensor"]:
    from torch.nn.functional import cross_entropy

    words = learner.model.get_input_embeddings().weight
    truth, in_slot = ids[target], slot[target]
    loss = 0.0
    for state, transform in zip(states, learner.heads["transform"], strict=True):
        logits = transform(state[target]) @ words.T + learner.heads["bias"][0]
        losses = cross_entropy(logits, truth, reduction="none")
        loss = loss + (losses * weights).sum() / weights.sum()
    return loss / len(states), (logits.argmax(-1) == truth)[in_slot].float().mean()


def detection_logits(learner: Learner, states: list["Tensor"]) -> list["Tensor"]:
    """For each state, logits (B x T) that the token at a place belongs to a differing slot."""
    logits = [
        head(state).squeeze(-1) for state, head in zip(states, learner.heads["detect"], strict=True)
    ]
    if learner.name == "bart":  # the decoder reads each token one place later
        logits[1] = logits[1].roll(-1, dims=1)
    return logits


def detection_targets(learner: Learner, batch: Batch) -> "Tensor":
    """Tokens (bool, B x T) that are asked about: the last token of each slot.

    GPT-2 is asked about the second sentence alone, as it reads the first without the second.
    """
    return batch.last & (batch.side == 2) if learner.name == "gpt2" else batch.last


def _detection_loss(learner: Learner, batch: Batch, states: list["Tensor"]) -> "Tensor":
    from torch.nn.functional import binary_cross_entropy_with_logits

    target = detection_targets(learner, batch)
    truth = batch.changed[target].float()
    losses = [
        binary_cross_entropy_with_logits(logits[target], truth)
        for logits in detection_logits(learner, states)
    ]
    return sum(losses) / len(losses)
