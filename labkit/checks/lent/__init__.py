"""What checks hand to students' functions: the only code of labkit that those may call.

A module here holds nothing that does an exercise; see `labkit.checks.engine.forbidden_calls`.
"""
