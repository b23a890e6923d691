"""Walks back from the last level."""


def break_even(sparsities, dense_ms, sparse_ms):
    later = None
    for s, dense, sparse in reversed(list(zip(sparsities, dense_ms, sparse_ms, strict=True))):
        if sparse > dense:
            if later is None:
                return 1.0
            after, below = later
            return (s * below + after * (sparse - dense)) / (below + sparse - dense)
        later = (s, dense - sparse)
    return sparsities[0]
