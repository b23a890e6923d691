"""Loads the dense state after each layer; ranks in plain Python."""

import copy


def layer_sensitivity(model, names, sparsity, evaluate):
    state = copy.deepcopy(model.state_dict())
    dense, drops = evaluate(model), {}
    for name in names:
        values = state[name].flatten().tolist()
        order = sorted(range(len(values)), key=lambda i, values=values: (abs(values[i]), i))
        flat = model.state_dict()[name].view(-1)
        for index in order[: round(sparsity * len(values))]:
            flat[index] = 0.0
        drops[name] = dense - evaluate(model)
        model.load_state_dict(state)
    return drops
