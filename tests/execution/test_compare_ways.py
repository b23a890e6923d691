"""Ways to run a model: compared on the same tokens, and one of them recommended."""

import pytest
import torch

from labkit.errors import InputError
from labkit.execution.compare_ways import Way, compare_ways, recommendation
from labkit.execution.precision import lower_precision


def test_answers_are_held_against_the_first_way(tiny):
    model = tiny("roberta").eval()
    other = tiny("roberta", 1).eval()
    models = {"as it is": model, "bf16": lower_precision(model, "bfloat16"), "other": other}
    with torch.no_grad():  # so that all sequences change sides
        turned = other.classifier.out_proj
        turned.weight.copy_(-model.classifier.out_proj.weight)
        turned.bias.copy_(-model.classifier.out_proj.bias)
        for mine, its in zip(model.roberta.parameters(), other.roberta.parameters(), strict=True):
            its.copy_(mine)
        other.classifier.dense.load_state_dict(model.classifier.dense.state_dict())
    own, bf16, turned = compare_ways(models, batch_size=2, length=8, rounds=1, answers=5)
    assert (own.apart, own.same) == (0.0, 1.0)
    assert 0 < bf16.apart < 1
    assert turned.same == 0.0
    assert all(way.seconds > 0 for way in (own, bf16, turned))


def test_a_model_without_one_answer_a_sequence_is_timed_only(tiny):
    (way,) = compare_ways({"bare": tiny("roberta").roberta}, batch_size=1, length=4, rounds=2)
    assert way.seconds > 0
    assert way.apart is way.same is None


def test_nothing_to_compare_is_said():
    with pytest.raises(InputError, match="0 models"):
        compare_ways({})


DENSE = Way("dense float32", 1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("others", "starts"),
    [
        ([Way("int8", 0.5, 0.2, 0.9)], "fastest here: int8, 2.00 times as fast as dense float32"),
        ([Way("int8", 1.5, 0.2, 0.9)], "fastest here: dense float32; none of the others"),
        (
            [Way("int8", 0.500, 0.2, 0.9), Way("bf16", 0.505, 0.1, 1.0), Way("csr", 0.6, 0, 1)],
            "about equally fast here: int8, bf16. Of these take bf16, whose answers are nearest",
        ),
    ],
)
def test_the_fastest_is_recommended_with_a_word_on_its_answers(others, starts):
    text = recommendation([DENSE, *others])
    assert text.startswith(starts)
    assert text.endswith("score both on your own data before you choose.")
    assert ("decides" in text) == ("none of the others" not in text)
