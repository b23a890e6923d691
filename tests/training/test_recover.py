"""Training with a held mask: what stays zero, what moves, and what is refused."""

import numpy as np
import pytest
import torch

from labkit import load_model, load_mrpc, prune_global
from labkit.errors import InputError
from labkit.models.prunable import prunable_parameters
from labkit.training.recover import finetune_masked


@pytest.fixture(scope="module")
def rows():
    return load_mrpc()["train"].select(range(24))


def pruned(level=0.9):
    model, tokenizer, _ = load_model("gpt2")
    prune_global(model, level)
    return model, tokenizer


def test_dropped_weights_stay_zero_and_kept_ones_move(rows):
    model, tokenizer = pruned()
    before = {name: p.detach().clone() for name, p in prunable_parameters(model).items()}
    embeddings = model.get_input_embeddings().weight.detach().clone()
    finetune_masked(model, tokenizer, rows, steps=3, batch_size=8)
    for name, weight in prunable_parameters(model).items():
        dropped = before[name] == 0
        assert dropped.any() and (weight[dropped] == 0).all(), name
        assert (weight[~dropped] != before[name][~dropped]).any(), name
    assert not torch.equal(model.get_input_embeddings().weight, embeddings)
    assert not model.training


def test_masks_that_are_given_zero_a_dense_model(rows):
    model, tokenizer, _ = load_model("gpt2")
    name, weight = next(iter(prunable_parameters(model).items()))
    mask = torch.rand(weight.shape) < 0.5
    finetune_masked(model, tokenizer, rows, {name: mask}, steps=2, batch_size=4)
    assert (weight[~mask] == 0).all() and (weight[mask] != 0).all()


def test_training_lowers_the_loss_of_what_it_is_trained_on(rows):
    model, tokenizer = pruned()
    few = rows.select(range(8))
    losses = finetune_masked(model, tokenizer, few, steps=30, batch_size=8, learning_rate=2e-3)
    assert len(losses) == 30 and np.isfinite(losses).all()
    assert losses[-1] < 0.5 * losses[0]


def test_a_seed_gives_the_same_weights_and_leaves_the_callers_random_numbers_alone(rows):
    weights = []
    for _ in range(2):
        model, tokenizer = pruned()
        torch.manual_seed(5)
        finetune_masked(model, tokenizer, rows, steps=2, batch_size=4, seed=3)
        assert torch.initial_seed() == 5
        weights.append(torch.cat([p.flatten() for p in prunable_parameters(model).values()]))
    assert torch.equal(*weights)


def test_what_cannot_be_trained_is_named(rows):
    model, tokenizer = pruned()
    name, weight = next(iter(prunable_parameters(model).items()))
    with pytest.raises(InputError, match="steps is 0"):
        finetune_masked(model, tokenizer, rows, steps=0)
    with pytest.raises(InputError, match="nowhere"):
        finetune_masked(model, tokenizer, rows, {"nowhere": torch.ones(1, dtype=torch.bool)})
    with pytest.raises(InputError, match="shape"):
        wrong = torch.ones(weight.shape[0], 1, dtype=torch.bool)
        finetune_masked(model, tokenizer, rows, {name: wrong})
    with pytest.raises(InputError, match=r"torch\.float32; it must be .* torch\.bool"):
        finetune_masked(model, tokenizer, rows, {name: torch.ones(weight.shape)})
    with torch.no_grad():
        model.get_input_embeddings().weight.fill_(float("nan"))
    with pytest.raises(InputError, match="loss of step 1"):
        finetune_masked(model, tokenizer, rows, steps=1, batch_size=4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": -1e-3}, "learning_rate is -0.001"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"learning_rate": float("inf")}, "learning_rate is inf"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_a_rate_or_seed_that_is_none_is_refused_and_the_model_kept(few_rows, change, message,
                                                                   tiny_classifier):  # fmt: skip
    model, tokenizer = tiny_classifier()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    with pytest.raises(InputError, match=message):
        finetune_masked(model, tokenizer, few_rows, **{"steps": 1, "batch_size": 8} | change)
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())


def test_weights_that_the_last_step_ruins_are_not_handed_back_without_a_word(
    few_rows, tiny_classifier
):
    model, tokenizer = tiny_classifier()
    with pytest.raises(InputError, match=r"not finite after the last step.*float32"):
        finetune_masked(model.half(), tokenizer, few_rows, steps=1, batch_size=8)


def test_a_frozen_model_is_refused(few_rows, tiny_classifier):
    model, tokenizer = tiny_classifier()
    with pytest.raises(InputError, match="all parameters of the model are frozen"):
        finetune_masked(model.requires_grad_(False), tokenizer, few_rows, steps=1, batch_size=8)
