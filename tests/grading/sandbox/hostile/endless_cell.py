"""An endless loop in a cell."""

# reason: had not ended after
# lost: nothing

while True:
    pass
