"""One weight after the other, from a heap of the layers' next ones."""

import heapq


def allocate(scores, sparsity, most):
    ranked = [sorted(part.flatten().tolist()) for part in scores.values()]
    counts = [0] * len(ranked)
    heap = [(values[0], at) for at, values in enumerate(ranked) if round(most * len(values))]
    heapq.heapify(heap)
    for _ in range(round(sparsity * sum(map(len, ranked)))):
        _, at = heapq.heappop(heap)
        counts[at] += 1
        if counts[at] < round(most * len(ranked[at])):
            heapq.heappush(heap, (ranked[at][counts[at]], at))
    return dict(zip(scores, counts, strict=True))
