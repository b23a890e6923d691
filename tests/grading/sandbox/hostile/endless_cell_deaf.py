"""A cell without end that swallows what should end it."""

# reason: no answer after
# lost: nothing

while True:
    try:
        while True:
            pass
    except BaseException:
        pass
