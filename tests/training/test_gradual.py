"""Gradual pruning: how the sparsity rises, what goes, and that it stays gone."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import InputError
from labkit.models.prunable import prunable_parameters
from labkit.training import cubic_sparsity, finetune_gradual
from labkit.training.schedule import ramp


def test_the_cubic_schedule_by_hand():
    # Half of the way: 1/8 of the distance is left; a quarter: 27/64.
    assert cubic_sparsity(50, 0, 100, 0.8) == pytest.approx(0.7)
    assert cubic_sparsity(25, 0, 100, 0.8, initial=0.16) == pytest.approx(0.53)
    assert cubic_sparsity(9, 10, 20, 0.9, initial=0.1) == 0.1
    assert cubic_sparsity(20, 10, 20, 0.9) == cubic_sparsity(99, 10, 20, 0.9) == 0.9
    assert cubic_sparsity(10, 10, 10, 0.9) == 0.9


@given(
    st.integers(0, 50), st.integers(1, 50), st.floats(0, 1), st.floats(0, 1), st.integers(0, 120)
)
def test_the_schedule_rises_ever_more_slowly(start, length, one, other, step):
    low, high = sorted((one, other))
    at = [cubic_sparsity(step + i, start, start + length, high, initial=low) for i in range(3)]
    assert low - 1e-12 <= at[0] <= at[1] + 1e-12 and at[1] <= at[2] + 1e-12 <= high + 2e-12
    if start <= step:
        assert at[2] - at[1] <= at[1] - at[0] + 1e-12


def test_what_has_gone_stays_and_the_goal_is_met_to_the_weight(tiny_classifier, few_rows):
    model, tokenizer = tiny_classifier()
    gone = []

    def report(done, steps):
        now = {name: (p == 0).clone() for name, p in prunable_parameters(model).items()}
        if gone:
            assert all((now[name] >= gone[-1][name]).all() for name in now)
        gone.append(now)

    found = finetune_gradual(
        model, tokenizer, few_rows, 0.75, every=2, start=1, end=6, steps=9, batch_size=4,
        report=report,
    )  # fmt: skip
    total = sum(p.numel() for p in prunable_parameters(model).values())
    expected = [0, *(cubic_sparsity(step, 1, 6, 0.75) for step in (1, 1, 3, 3, 5, 6, 6, 6))]
    assert found.levels == pytest.approx(expected) and len(found.losses) == 9
    zeros = [sum(int(mask.sum()) for mask in masks.values()) for masks in gone]
    assert zeros == [round(level * total) for level in expected]
    assert found.zeros == zeros[-1] == round(0.75 * total)
    assert found.method == "gradual global" and found.requested == 0.75


def test_each_layer_can_be_compared_by_itself(tiny_classifier, few_rows):
    model, tokenizer = tiny_classifier()
    finetune_gradual(
        model, tokenizer, few_rows, 0.5, method="layerwise", every=1, steps=4, batch_size=4
    )
    for name, weight in prunable_parameters(model).items():
        assert int((weight == 0).sum()) == weight.numel() // 2, name


def test_a_rise_at_the_first_step_is_pruning_before_training(tiny_classifier, few_rows):
    """All at once, at the first step: `prune_global` and training with the mask held."""
    from labkit import prune_global
    from labkit.training import finetune_masked

    settings = {"steps": 4, "batch_size": 4, "learning_rate": 1e-3, "seed": 2}
    one, tokenizer = tiny_classifier()
    finetune_gradual(one, tokenizer, few_rows, 0.6, start=0, end=0, **settings)
    other, _ = tiny_classifier()
    prune_global(other, 0.6)
    finetune_masked(other, tokenizer, few_rows, **settings)
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "random"}, "no gradual pruning 'random': choose from global, layerwise"),
        ({"every": 0}, "every is 0"),
        ({"steps": 0}, "steps is 0"),
        ({"start": 3, "end": 2}, "rises from step 3 to 2"),
        ({"end": 4}, "to 4, and the training has steps 0 to 3"),
        ({"sparsity": 1.5}, "1.5"),
    ],
)
def test_what_cannot_be_trained_is_refused(tiny_classifier, few_rows, change, message):
    model, tokenizer = tiny_classifier()
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(InputError, match=message):
        finetune_gradual(
            model, tokenizer, few_rows, **({"sparsity": 0.5, "steps": 4, "batch_size": 4} | change)
        )
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_the_rise_lies_in_the_second_and_third_fifth():
    assert (ramp(200, None, None, 0.5).start, ramp(200, None, None, 0.5).end) == (40, 120)
    assert (ramp(1, None, None, 0.5).start, ramp(1, None, None, 0.5).end) == (0, 0)
    with pytest.raises(InputError, match="before its start"):
        cubic_sparsity(0, 5, 4, 0.5)
