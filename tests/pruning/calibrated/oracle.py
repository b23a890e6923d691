"""Pruning block by block as one would write it for one model: hooks, and whole forward passes."""

import torch

from labkit.models.prunable import prunable_layers


def inputs_of(model, names, batch):
    """Layer's name → its real inputs (tokens, inputs), by hooks on a plain forward pass."""
    mask, found, handles = batch["attention_mask"].bool(), {}, []
    for name in names:

        def hook(module, args, name=name):
            found[name] = args[0][mask]

        module = model.get_submodule(name.removesuffix(".weight"))
        handles.append(module.register_forward_pre_hook(hook))
    extra = {}
    if model.config.is_encoder_decoder:
        start = torch.full((len(mask), 1), model.config.decoder_start_token_id)
        extra["decoder_input_ids"] = torch.cat([start, batch["input_ids"][:, :-1]], dim=1)
    with torch.no_grad():
        model(**batch, **extra)
    for handle in handles:
        handle.remove()
    return found


def by_block(model, batch, solve):
    """Prune each block with `solve(weight (outputs, inputs), x)`, on what the others now give."""
    places = dict.fromkeys((layer.stack, layer.block) for layer in prunable_layers(model))
    for place in places:
        layers = [x for x in prunable_layers(model) if (x.stack, x.block) == place]
        found = inputs_of(model, [layer.name for layer in layers], batch)
        for layer in layers:
            weight = layer.weight.detach()
            matrix = weight.T if layer.transposed else weight
            matrix.copy_(solve(matrix.clone(), found[layer.name]))


def wanda(weight, x, sparsity):
    """Row by row, in plain Python."""
    norms = [sum(float(value) ** 2 for value in column) ** 0.5 for column in x.T]
    drop = round(sparsity * weight.shape[1])
    for row in weight:
        scores = [(abs(float(w)) * n, j) for j, (w, n) in enumerate(zip(row, norms, strict=True))]
        row[[j for _, j in sorted(scores)[:drop]]] = 0
    return weight


def surgeon(weight, x, sparsity, *, block, damping=0.01, pattern=None):
    """SparseGPT by definition: each weight that goes is made up for by a least-squares fit.

    The weights behind it in its row minimise what the outputs change, damped; those before it are
    left alone.  No factor of an inverse, no lazy updates.
    """
    rows, columns = weight.shape
    level = damping * float((x**2).sum(dim=0).mean())
    seen = torch.cat([x, level**0.5 * torch.eye(columns, dtype=x.dtype)])
    weight, kept, done = weight.clone(), torch.ones(rows, columns, dtype=torch.bool), 0

    def losses(start, stop):
        """What it costs to remove each weight alone, those before it held."""
        left = [torch.linalg.inv(seen[:, i:].T @ seen[:, i:])[0, 0] for i in range(start, stop)]
        return weight[:, start:stop] ** 2 / torch.stack(left)

    for start in range(0, columns, block):
        stop = min(start + block, columns)
        if not pattern:
            count = round(sparsity * rows * stop) - done
            done += count
            order = losses(start, stop).flatten().argsort(stable=True)[:count]
            width = stop - start
            kept[order // width, start + order % width] = False
        for i in range(start, stop):
            if pattern and i % pattern[1] == 0:
                lowest = losses(i, i + pattern[1]).argsort(dim=1)[:, : pattern[1] - pattern[0]]
                kept[:, i : i + pattern[1]].scatter_(1, lowest, False)
            for row in range(rows):
                if not kept[row, i]:
                    lost = seen[:, i] * weight[row, i]
                    gain = torch.linalg.lstsq(seen[:, i + 1 :], lost[:, None]).solution
                    weight[row, i] = 0
                    if i + 1 < columns:
                        weight[row, i + 1 :] += gain[:, 0]
    return weight, kept
