"""Movement pruning against a model whose weights are masked inside the forward pass."""

from math import log

import numpy as np
import pytest
import torch
from torch.nn.utils import parametrize
from transformers import DataCollatorWithPadding

from labkit.errors import InputError
from labkit.evaluation.classify import encode_pairs
from labkit.models.prunable import prunable_layers, prunable_parameters
from labkit.training import Soft, cubic_sparsity, finetune_movement

STEPS, SIZE, RATE, SCORE_RATE = 6, 4, 1e-3, 5e-2


class Through(torch.autograd.Function):
    """A weight times a choice; the gradient of the choice goes to the scores as it is."""

    @staticmethod
    def forward(ctx, weight, scores, mask):
        ctx.save_for_backward(weight, mask)
        return weight * mask

    @staticmethod
    def backward(ctx, gradient):
        weight, mask = ctx.saved_tensors
        return gradient * mask, gradient * weight, None


class Masked(torch.nn.Module):
    """Parametrization of one weight: `choose(scores)` says what is kept."""

    def __init__(self, weight, first, choose):
        super().__init__()
        self.scores = torch.nn.Parameter(torch.full_like(weight, first))
        self.choose = choose

    def forward(self, weight):
        return Through.apply(weight, self.scores, self.choose(self.scores.detach()))


def trained_plainly(model, tokenizer, rows, first, choose, pressure):
    """The same training, written down with autograd: masks in the graph, the penalty in the loss.

    `choose(step)(scores)` is the mask, `pressure(step)` the penalty's factor.
    """
    now = [0]
    for layer in prunable_layers(model):
        module = model.get_submodule(layer.name.removesuffix(".weight"))
        rule = Masked(layer.weight.detach(), first, lambda s: choose(now[0])(s))
        parametrize.register_parametrization(module, "weight", rule, unsafe=True)
    scores = [p for name, p in model.named_parameters() if name.endswith(".scores")]
    others = [p for name, p in model.named_parameters() if not name.endswith(".scores")]
    groups = [{"params": others, "lr": RATE}, {"params": scores, "lr": SCORE_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
    rise = max(1, round(0.1 * STEPS))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / rise, (STEPS - step) / (STEPS - rise + 1))
    )
    pairs = encode_pairs(tokenizer, rows, max_length=128)
    order = np.random.default_rng(0).permutation(len(pairs))
    collate = DataCollatorWithPadding(tokenizer)
    model.train()
    for step in range(STEPS):
        now[0] = step
        at = order[step * SIZE : (step + 1) * SIZE]
        batch = collate([{k: ids[i] for k, ids in pairs.columns.items()} for i in at])
        loss = model(**batch, labels=torch.tensor(pairs.labels[at])).loss
        entries = sum(score.numel() for score in scores)
        loss = loss + pressure(step) * sum(s.sigmoid().sum() for s in scores) / entries
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        optimizer.step()
        schedule.step()
    return {
        layer: model.get_submodule(layer).weight.detach()
        for layer in [x for x, m in model.named_modules() if parametrize.is_parametrized(m)]
    }


def highest(share):
    """Keep all but the `share` lowest, by sorting."""

    def choose(scores):
        dropped = scores.flatten().argsort(stable=True)[: round(share * scores.numel())]
        mask = torch.ones(scores.numel())
        mask[dropped] = 0
        return mask.view_as(scores)

    return choose


SETTINGS = {
    "steps": STEPS, "batch_size": SIZE, "learning_rate": RATE, "score_rate": SCORE_RATE,
    "start": 1, "end": 4,
}  # fmt: skip


def test_hard_movement_is_masking_in_the_graph(tiny_classifier, few_rows):
    model, tokenizer = tiny_classifier()
    found = finetune_movement(model, tokenizer, few_rows, 0.6, **SETTINGS)
    plain, _ = tiny_classifier()
    expected = trained_plainly(
        plain, tokenizer, few_rows, 0.0,
        lambda step: highest(cubic_sparsity(step, 1, 4, 0.6)), lambda step: 0.0,
    )  # fmt: skip
    for name, weight in expected.items():
        mine = model.get_submodule(name).weight.detach()
        assert torch.equal(mine == 0, weight == 0), name
        torch.testing.assert_close(mine, weight, rtol=1e-4, atol=1e-6)
        assert int((mine == 0).sum()) == round(0.6 * mine.numel())
    assert found.levels == pytest.approx(
        [cubic_sparsity(s, 1, 4, 0.6) for s in range(STEPS)], abs=2e-3
    )
    assert found.method == "movement (hard, per layer)" and len(found.losses) == STEPS


def test_soft_movement_is_a_threshold_and_a_penalty_in_the_loss(tiny_classifier, few_rows):
    soft = Soft(threshold=0.85, penalty=50.0)
    model, tokenizer = tiny_classifier()
    found = finetune_movement(model, tokenizer, few_rows, soft, **SETTINGS | {"score_rate": 0.2})
    plain, _ = tiny_classifier()
    limit = log(0.85 / 0.15)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.SCORE_RATE", 0.2)
        expected = trained_plainly(
            plain, tokenizer, few_rows, log(9), lambda step: lambda s: (s > limit).float(),
            lambda step: 50.0 * cubic_sparsity(step, 1, 4, 1.0),
        )  # fmt: skip
    zeros = 0
    for name, weight in expected.items():
        mine = model.get_submodule(name).weight.detach()
        assert torch.equal(mine == 0, weight == 0), name
        torch.testing.assert_close(mine, weight, rtol=1e-4, atol=1e-6)
        zeros += int((mine == 0).sum())
    assert found.zeros == zeros and zeros > 0
    assert found.levels[0] == 0 and found.method == "movement (soft)"


def test_scores_of_all_layers_can_be_compared_together(tiny_classifier, few_rows):
    model, tokenizer = tiny_classifier()
    found = finetune_movement(model, tokenizer, few_rows, 0.5, per="global", **SETTINGS)
    weights = prunable_parameters(model).values()
    total = sum(weight.numel() for weight in weights)
    assert found.zeros == sum(int((w == 0).sum()) for w in weights) == round(0.5 * total)
    shares = {round(float((w == 0).float().mean()), 3) for w in weights}
    assert len(shares) > 1  # not each layer half


def test_a_weight_that_training_shrinks_goes_before_a_small_one(tiny_classifier, few_rows):
    """Magnitude would drop the smaller half; the correlation with it must be gone."""
    model, tokenizer = tiny_classifier()
    before = {name: p.detach().abs().clone() for name, p in prunable_parameters(model).items()}
    finetune_movement(model, tokenizer, few_rows, 0.5, **SETTINGS)
    small_kept = sum(
        int(((weight != 0) & (before[name] < before[name].median())).sum())
        for name, weight in prunable_parameters(model).items()
    )
    assert small_kept > 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"per": "row"}, "per is 'row'"),
        ({"sparsity": Soft(threshold=0.95)}, "the threshold lies between 0 and 0.9"),
        ({"sparsity": Soft(penalty=-1)}, "the penalty from 0 up"),
        ({"score_rate": float("nan")}, "score_rate is nan"),
        ({"sparsity": -0.1}, "-0.1"),
        ({"start": 5, "end": 2}, "rises from step 5 to 2"),
    ],
)
def test_what_cannot_be_trained_is_refused(tiny_classifier, few_rows, change, message):
    model, tokenizer = tiny_classifier()
    with pytest.raises(InputError, match=message):
        finetune_movement(
            model, tokenizer, few_rows, **({"sparsity": 0.5, "steps": 8, "batch_size": 4} | change)
        )


def test_a_frozen_layer_is_named(few_rows, tiny_classifier):
    model, tokenizer = tiny_classifier()
    model.transformer.h[1].mlp.c_fc.weight.requires_grad_(False)
    with pytest.raises(InputError, match=r"h\.1\.mlp\.c_fc\.weight is frozen"):
        finetune_movement(model, tokenizer, few_rows, 0.5, steps=2, batch_size=4)


def test_a_layer_that_a_pass_leaves_out_keeps_its_weights_and_its_scores(few_rows, tiny_classifier):
    model, tokenizer = tiny_classifier()
    block = model.transformer.h[1]
    block.forward = lambda hidden, *_, **__: hidden  # as LayerDrop has it
    before = {name: p.detach().clone() for name, p in block.named_parameters()}
    finetune_movement(model, tokenizer, few_rows, 0.5, steps=3, start=0, end=1, batch_size=4)
    for name, weight in block.named_parameters():
        kept = weight != 0
        assert torch.equal(weight[kept], before[name][kept])
        if weight.dim() == 2:
            # Scores that never moved are all equal: of equal ones the first go first.
            assert not kept.flatten()[: weight.numel() // 2].any()
            assert kept.flatten()[weight.numel() // 2 :].all()
