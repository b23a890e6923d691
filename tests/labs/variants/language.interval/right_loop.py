"""Plain Python, with the interpolation written out."""


def block_interval(losses, size, draws):
    values = losses.tolist()
    means = []
    for row in draws.tolist():
        drawn = [value for i in row for value in values[i * size : (i + 1) * size]]
        means.append(sum(drawn) / len(drawn))
    means.sort()
    ends = []
    for share in (0.025, 0.975):
        place = share * (len(means) - 1)
        below = int(place)
        above = min(below + 1, len(means) - 1)
        ends.append(means[below] + (place - below) * (means[above] - means[below]))
    return ends
