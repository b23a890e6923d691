"""A cell whose number is infinite, told instead of the number of the next one."""

# reason: could not be run: what came back is no data
# lost: size.entropy, size.break_even_sparsity

import labkit.checks.process.worker as worker

dumps = worker.dumps
worker.dumps = lambda value: dumps({"cell": float("inf")} if "cell" in value else value)
