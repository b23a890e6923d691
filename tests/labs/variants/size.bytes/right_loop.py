"""Plain Python, with running totals and the numbers as a list."""


def stored(model):
    size = numbers = nonzeros = 0
    seen = set()
    for tensor in model.state_dict().values():
        if tensor.data_ptr() in seen:
            continue
        seen.add(tensor.data_ptr())
        values = tensor.flatten().tolist()
        size += tensor.element_size() * len(values)
        numbers += len(values)
        nonzeros += len([value for value in values if value != 0])
    return size, numbers, nonzeros
