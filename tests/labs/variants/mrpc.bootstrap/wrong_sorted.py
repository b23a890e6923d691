"""Takes two of the sorted resamples."""

MISTAKE = "no interpolation"


def bootstrap_interval(correct, draws):
    values = sorted(correct[draws].double().mean(1).tolist())
    return values[int(0.025 * len(values))], values[int(0.975 * len(values))]
