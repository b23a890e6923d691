"""Takes the standard deviation of the resamples."""

MISTAKE = "a normal interval of the resamples"


def bootstrap_interval(correct, draws):
    values = correct.numpy()[draws.numpy()].mean(1)
    return values.mean() - 1.96 * values.std(), values.mean() + 1.96 * values.std()
