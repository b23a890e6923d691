import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import InputError
from labkit.evaluation.text.windows import windows

sizes = st.integers(1, 40).flatmap(
    lambda context: st.tuples(st.integers(0, 150), st.just(context), st.integers(1, context))
)


@given(sizes)
def test_every_token_is_scored_exactly_once(size):
    count, context, stride = size
    found = windows(count, context, stride)
    scored = [token for window in found for token in range(window.first, window.stop)]
    assert scored == list(range(count))
    for number, window in enumerate(found):
        assert window.start == number * stride <= window.first < window.stop
        assert window.stop - window.start <= context
        if number:
            assert window.first - window.start >= context - stride
    assert not found or found[-1].stop == count


@given(st.integers(2, 150), st.integers(2, 40), st.data())
def test_the_loop_of_transformers_documentation_is_a_special_case(count, max_length, data):
    stride = data.draw(st.integers(1, max_length - 1))
    # "Perplexity of fixed-length models", transformers 5.23, written anew: which token each window
    # scores, and what it sees before it.
    documented, previous = [], 0
    for begin in range(0, count, stride):
        end = min(begin + max_length, count)
        labelled = range(max(previous, begin + 1), end)  # the shift drops a window's first token
        documented += [(token, token - begin) for token in labelled]
        previous = end
        if end == count:
            break
    ours = [
        (at + 1, at + 1 - window.start)  # input number `at` is asked for the next token
        for window in windows(count - 1, max_length - 1, stride)
        for at in range(window.first, window.stop)
    ]
    assert ours == documented


@pytest.mark.parametrize(("context", "stride"), [(0, 1), (4, 0), (4, 5), (4, -1)])
def test_windows_that_would_leave_tokens_out_are_refused(context, stride):
    with pytest.raises(InputError, match=r"context is 0|stride is -?\d and context 4"):
        windows(10, context, stride)
