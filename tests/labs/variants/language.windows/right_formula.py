"""From a formula for the number of windows."""


def windows(length, context, stride):
    if length < 2:
        return []
    later = -(-max(length - context, 0) // stride)
    starts = [i * stride for i in range(later + 1)]
    stops = [min(start + context, length) for start in starts]
    return list(zip(starts, stops, [1, *stops[:-1]], strict=True))
