"""What all checks share: call a student's function, compare what came back, find words for it.

In: a function (a `Trial` of it), a reference, inputs and known mistakes.  Out: a `Verdict` for each
property.  The modules of the exercises declare; those here run, compare and word.
"""
