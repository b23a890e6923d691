"""Changes a copy of the state and loads it."""

import copy


def apply_masks(model, masks):
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for name, mask in masks.items():
        state[name].masked_fill_(~mask, 0)
        # Tied weights come up once for each name, and the last one loaded would win.
        for other, parameter in model.named_parameters(remove_duplicate=False):
            if parameter is model.get_parameter(name):
                state[other] = state[name]
    pruned = copy.deepcopy(model)
    pruned.load_state_dict(state)
    return pruned
