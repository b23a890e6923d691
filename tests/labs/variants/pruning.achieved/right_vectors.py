"""One vector of all parameters."""

import numpy as np


def achieved_sparsity(model, names):
    def zero(parameter):
        return (parameter.detach().double().numpy() == 0).ravel()

    def share(parameters):
        flags = np.concatenate([np.zeros(0, bool), *map(zero, parameters)])
        return flags.mean() if len(flags) else 0.0

    named = {name: model.get_parameter(name) for name in names}
    result = {name: share([parameter]) for name, parameter in named.items()}
    result["prunable"] = share(named.values())
    result["all"] = share(model.parameters())
    return result
