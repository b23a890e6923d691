"""One clock reading ends a call and begins the next; the quartiles by hand."""


def time_calls(work, clock, warmup, repeats):
    for _ in range(warmup):
        work()
    marks = [clock()]
    for _ in range(repeats):
        work()
        marks.append(clock())
    times = sorted(marks[i + 1] - marks[i] for i in range(repeats))

    def quantile(quarters):
        whole, rest = divmod(quarters * (repeats - 1), 4)
        above = times[min(whole + 1, repeats - 1)]
        return (times[whole] * (4 - rest) + above * rest) / 4

    return {"median": quantile(2), "low": quantile(1), "high": quantile(3)}
