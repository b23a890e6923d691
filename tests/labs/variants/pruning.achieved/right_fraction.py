"""Fractions in another kind of dictionary."""

from collections import OrderedDict
from fractions import Fraction


def achieved_sparsity(model, names):
    def share(parameters):
        zeros = sum(int((parameter == 0).sum()) for parameter in parameters)
        return Fraction(zeros, max(sum(parameter.numel() for parameter in parameters), 1))

    named = [model.get_parameter(name) for name in names]
    result = OrderedDict((name, share([one])) for name, one in zip(names, named, strict=True))
    result["prunable"], result["all"] = share(named), share(list(model.parameters()))
    return result
