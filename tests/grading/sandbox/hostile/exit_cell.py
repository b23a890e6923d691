"""A cell that ends its process."""

# reason: ended its process \(exit code 7\)
# lost: nothing

import os

os._exit(7)
