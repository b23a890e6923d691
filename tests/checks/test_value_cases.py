from collections import OrderedDict, defaultdict, namedtuple
from fractions import Fraction

import numpy as np
import pytest
import torch

from labkit.checks.engine.difference import difference
from labkit.checks.engine.judge import Mistake, judge
from labkit.checks.engine.plain_data import dumps, loads
from labkit.checks.engine.trial import Failure, Trial
from labkit.checks.engine.value_cases import Case

Ends = namedtuple("Ends", "low high")
VALUES = (0.5, 3, True, None, "yes", [1, 2.0], {"a": 1}, torch.arange(3), np.ones(2), (1, [2]))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_equals_itself_and_nothing_else(value):
    assert difference(value, value) == ""
    for other in VALUES:
        if other is not value:
            assert difference(other, value).startswith("returned ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (torch.tensor(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        ((1, 2), [1, 2]),
        (0.500001, 0.5),
        (float("nan"), float("nan")),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2)),
        (torch.ones(2, dtype=torch.float64), np.ones(2)),
        (OrderedDict(a=1, b=[2]), {"a": 1, "b": [2]}),
        (defaultdict(list, a=1), {"a": 1}),
        (Ends(0.25, 0.5), (0.25, 0.5)),
        (torch.tensor([3.0, 1.0]).sort(), (torch.tensor([1.0, 3.0]), torch.tensor([1, 0]))),
        (Fraction(1, 3), 1 / 3),
    ],
)
def test_what_serves_as_well(value, expected):
    assert difference(value, expected) == ""


@pytest.mark.parametrize(
    ("value", "expected", "message"),
    [
        (None, 0.5, r"returned nothing \(None; is a return missing\?\), expected the number 0.5"),
        (0.6, 0.5, "returned 0.6, expected 0.5"),
        (float("nan"), 0.5, "returned nan"),
        (torch.ones(2, 3), torch.ones(3, 2), r"shape \(2, 3\), expected a float32 .*\(3, 2\)"),
        (torch.ones(2).double(), torch.ones(2), "float64 tensor"),
        (torch.tensor([1.0, 9.0]), torch.ones(2), r"returned 9 at \[1\], expected 1 \(1 of 2"),
        (
            torch.tensor([True, True]),
            torch.tensor([True, False]),
            r"returned True at \[1\], expected False \(1 of 2",
        ),
        (torch.tensor([1.0001]), torch.ones(1), r"returned 1.0001 at \[0\], expected 1$"),
        ({"a": 1}, {"b": 1}, "the keys"),
        ({"a": 1}, {"a": 2}, "expected 2 at 'a'"),
        ([1], [1, 2], "returned 1 value, expected 2"),
        ([1, 5], [1, 2], r"^returned 5, expected 2 in value \[1\]$"),
        ([(0, 6, 0)], [(0, 6, 1)], r"^returned 0, expected 1 in value \[0\]\[2\]$"),
        ([[[1, 2]], [[3]]], [[[1, 2]], [[4]]], r"expected 4 in value \[1\]\[0\]\[0\]$"),
        ({"a": [[1]]}, {"a": [[2]]}, r"expected 2 in value \[0\]\[0\] at 'a'$"),
        ([1, {"a": 1}], [1, {"a": 2}], r"expected 2 at 'a' in value \[1\]$"),
        (
            [torch.ones(2), torch.ones(2)],
            [torch.ones(2), torch.zeros(2)],
            r"returned 1 at \[0\], expected 0 \(2 of 2 entries differ\) in value \[1\]$",
        ),
        (object(), torch.ones(1), "a value of type object"),
    ],
)
def test_differences_say_what_came_and_what_was_expected(value, expected, message):
    import re

    assert re.search(message, difference(value, expected))


def test_models_are_compared_by_their_parameters_and_buffers():
    model, same = (
        torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)) for _ in "ab"
    )
    same.load_state_dict(model.state_dict())
    assert difference(same, model, 0, 0) == ""
    assert "a value of type Linear" in difference(model[0], model)
    same[1].running_mean[2] = 5
    assert "returned 5 at [2], expected 0" in difference(same, model)
    same[0].bias = None
    assert "returned the keys" in difference(same, model)


def test_a_change_of_a_model_is_noticed():
    model = torch.nn.Linear(2, 2)
    case = Case((model,), 4)
    trial = Trial(lambda model: model.weight.data.zero_().numel(), "size")
    *_, kept = judge(trial, {"size": [case]}, [], "book")
    assert "changed its input in place" in kept.message
    trial = Trial(lambda model: model.weight.numel(), "size")
    assert all(verdict.passed for verdict in judge(trial, {"size": [case]}, [], "book"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda model, weight: model.eval(), "came in training mode and was left in evaluation"),
        (lambda model, weight: model.requires_grad_(False), "was left without gradients at weight"),
        (lambda model, weight: weight.abs_(), "changed its input in place"),
    ],
)
def test_a_mode_or_a_sign_of_zero_that_is_not_put_back_is_noticed(change, said):
    def size(model, weight):
        change(model, weight)
        return 4

    case = Case((torch.nn.Linear(2, 2), torch.tensor([-0.0, 1.0])), 4)
    value, kept = judge(Trial(size, "size"), {"size": [case]}, [], "book")
    assert value.passed and not kept.passed
    assert said in kept.message


class Liar(torch.Tensor):
    """Equal to everything."""

    def __eq__(self, other):
        return torch.ones(3, dtype=torch.bool)


def test_a_subclass_that_lies_about_equality_is_not_believed():
    liar = torch.zeros(3).as_subclass(Liar)
    assert "a value of type Liar" in difference(liar, torch.ones(3))


class Evasive(dict):
    """Says that it holds what it does not hold."""

    def __getitem__(self, key):
        return 1

    def items(self):
        return [("a", 1)]


def test_a_dict_is_looked_at_by_what_it_holds():
    assert difference(Evasive(a=2), {"a": 1}) == "returned 2, expected 1 at 'a'"
    turned = OrderedDict(a=1, b=2)
    turned.move_to_end("a")
    assert difference(turned, {"b": 2, "a": 1}) == ""


SIGNED = Mistake(
    "signed", "it forgets the absolute value", lambda w, t: float((w < t).float().mean())
)
GROUPS = {
    "share": [
        Case((torch.tensor([-3.0, 0.1, 2.0, -0.2]), 0.5), 0.5),
        Case((torch.tensor([-1.0, -2.0]), 0.5), 0.0),
    ]
}


def verdicts(function):
    return judge(Trial(function, "share"), GROUPS, [SIGNED], "book/x.md")


def test_a_right_answer_and_a_known_mistake():
    assert all(v.passed for v in verdicts(lambda w, t: float((w.abs() < t).float().mean())))
    first, second = verdicts(SIGNED.answer)
    assert "looks like 'signed': it forgets the absolute value. Read book/x.md" in first.message
    assert "tried share([-3, 0.1, 2, -0.2], 0.5)" in first.message
    assert not second.passed, "the input's verdict counts only with a right answer"


def test_an_unknown_mistake_is_not_given_a_name():
    (first, _) = verdicts(lambda w, t: 0.25)
    assert not first.passed and "looks like" not in first.message


@pytest.mark.parametrize(
    ("value", "odd"),
    [
        (["a", "c"], " ('b' is missing)"),
        (["a", "b", "c", "d"], " ('d' is too many)"),
        (["a", "b", "c", "b"], " ('b' is there twice)"),
        (["a", 1], ""),
    ],
)
def test_of_a_list_of_names_the_odd_one_is_named(value, odd):
    assert difference(value, ["a", "b", "c"]) == f"returned {len(value)} values, expected 3{odd}"


def test_a_change_of_the_input_is_its_own_verdict():
    def share(w, t):
        return float((w.abs_() < t).float().mean())

    first, second = verdicts(share)
    assert first.passed and not second.passed and "in place" in second.message


def test_exceptions_and_strange_values_are_verdicts():
    class Bomb:
        def __deepcopy__(self, memo):
            raise SystemExit

    for function in (lambda w, t: 1 / 0, lambda w, t: Bomb(), lambda: None, None):
        assert not verdicts(function)[0].passed


def test_a_generator_is_told_what_it_should_have_been():
    case = Case(([1, 2],), [1, 2])
    first, _ = judge(Trial(lambda items: (i for i in items), "f"), {"all": [case]}, [], "book")
    assert "a value of type generator, expected a list of 2" in first.message


def test_numbers_of_numpy_and_foreign_objects_are_not_waved_through():
    assert difference(3, np.int64(3)) == ""
    assert "expected 3" in difference(4, np.int64(3))
    assert "expected True" in difference(False, np.bool_(True))
    assert difference(print, print) == ""
    assert "expected one of type" in difference(4, print)


def _length_and_owner(value, arguments):
    if type(value) is not list:
        raise Failure("it returned no list")
    return {"length": len(value), "own": value is not arguments[0]}


def test_a_result_is_judged_by_a_look_at_it_and_so_are_mistakes():
    case = Case(([1, 2],), {"length": 2, "own": True}, look=_length_and_owner)
    handed_on = Mistake("handed on", "copy the list", lambda items: items)

    def first(function):
        return judge(Trial(function, "f"), {"a copy": [case]}, [handed_on], "book/x.md")[0]

    assert first(list).passed
    assert first(lambda items: None).message == "tried f([1, 2]); it returned no list."
    message = first(lambda items: items).message
    assert "returned False, expected True at 'own'" in message and "'handed on'" in message
    assert "looks like" not in first(lambda items: [*items, 3]).message


def test_each_entry_may_have_a_tolerance_of_its_own():
    tolerance = torch.tensor([1e-3, 0.0])
    case = Case((), (torch.zeros(2), torch.ones(2).bool()), rtol=0.0, atol=tolerance)
    kept = torch.ones(2).bool()
    assert case.problem((torch.tensor([9e-4, 0.0]), kept)) == ""
    assert "returned 0.002 at [0], expected 0" in case.problem((torch.tensor([2e-3, 0.0]), kept))
    assert "returned 1e-30 at [1], expected 0" in case.problem((torch.tensor([0.0, 1e-30]), kept))
    assert "returned inf at [0]" in case.problem((torch.tensor([torch.inf, 0.0]), kept))
    assert "returned nan at [0]" in case.problem((torch.tensor([torch.nan, 0.0]), kept))
    assert "returned False at [1]" in case.problem((torch.zeros(2), torch.tensor([True, False])))
    # What a known mistake gives may have another shape than the right answer.
    assert case.same((torch.ones(3), kept), lambda: (torch.ones(3) + 1e-4, kept))
    assert not case.same((torch.ones(3), kept), lambda: (torch.ones(3) + 1e-2, kept))


def test_what_is_finite_is_not_near_to_infinity():
    assert "returned 1 at [0]" in difference(torch.ones(1), torch.tensor([torch.inf]))


def test_what_to_do_instead_of_a_change_is_the_case_s():
    case = Case(([1, 2],), 2, remedy="put it back")
    *_, kept = judge(Trial(lambda items: [items.pop(), 2][1], "f"), {"n": [case]}, [], "x")
    assert kept.message == "tried f([1, 2]); the function changed its input in place: put it back"


Pair = namedtuple("Pair", "first second")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (OrderedDict(a=1, b=2), {"a": 1, "b": 2}),
        (defaultdict(int, a=1), {"a": 1}),
        (Pair(0.5, 1.0), (0.5, 1.0)),
        (Fraction(1, 2), 0.5),
        (np.array(0.5), 0.5),
        ([OrderedDict(a=Pair(1, 2))], [{"a": (1, 2)}]),
    ],
)
def test_kinds_of_containers_and_numbers_serve_here_and_from_another_process(value, expected):
    assert difference(value, expected) == ""
    assert difference(loads(dumps(value)), expected) == ""


@pytest.mark.parametrize(
    "leave",
    [
        lambda model: model.eval(),
        lambda model: model[0].requires_grad_(False),
        lambda model: model[1].register_forward_hook(print),
    ],
)
def test_what_a_function_leaves_changed_in_a_model_is_noticed(leave):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
    as_it_was = loads(dumps(model))
    assert difference(as_it_was, model) == ""

    def function(model):
        leave(model)
        return 1

    *_, kept = judge(Trial(function, "f"), {"n": [Case((model,), 1)]}, [], "x")
    assert "changed its input" in kept.message or "put it back" in kept.message
    leave(model)
    assert difference(as_it_was, model)


@pytest.mark.parametrize(
    ("leave", "get", "words"),
    [
        (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled, "gradients switched off"),
        (
            lambda: torch.set_default_dtype(torch.float64),
            torch.get_default_dtype,
            "another default dtype",
        ),
        (
            lambda: torch.use_deterministic_algorithms(True),
            torch.are_deterministic_algorithms_enabled,
            "another choice of deterministic algorithms",
        ),
        (
            lambda: torch.use_deterministic_algorithms(True, warn_only=True),
            torch.get_deterministic_debug_mode,
            "another choice of deterministic algorithms",
        ),
        (
            lambda: torch.set_float32_matmul_precision("medium"),
            torch.get_float32_matmul_precision,
            "another precision of matrix products",
        ),
    ],
)
def test_settings_of_torch_left_changed_are_noticed_and_put_back(leave, get, words):
    before = get()
    torch.use_deterministic_algorithms(False)  # imports what takes longer than a call may

    def function(number):
        leave()
        return number

    trial = Trial(function, "f")
    judge(trial, {"n": [Case((1,), 1)]}, [], "x")
    assert trial.left == words and get() == before


def test_parameters_in_one_memory_come_to_the_function_in_one():
    weight = torch.arange(6.0)
    twins = [torch.nn.Parameter(view) for view in (weight, weight, weight[2:].reshape(2, 2).t())]
    model = torch.nn.ParameterList(twins)
    (given,) = Case((model,), 1).given()
    first, second, view = given.parameters()
    assert first is not second and first.data_ptr() == second.data_ptr() != weight.data_ptr()
    view.data[0, 0] = 9
    assert first[2] == 9 and torch.equal(weight, torch.arange(6.0)) and view.stride() == (1, 2)


def test_a_call_shows_small_tensors_by_their_values():
    small, large = torch.tensor([[1.0, 0.5], [2.0, 3.0]]), torch.zeros(4, 4)
    said = Case((small, small > 1, large, torch.zeros(0, 2)), 1).describe("f")
    assert said == (
        "f([[1, 0.5], [2, 3]], [[False, False], [True, True]] bool, tensor of shape (4, 4), "
        "tensor of shape (0, 2))"
    )
