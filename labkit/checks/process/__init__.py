"""The process in which a student's code runs, and the checks' end of the line to it.

In: a notebook or file.  Out: its functions, as a `Submission` whose answers come back as plain
data.
"""
