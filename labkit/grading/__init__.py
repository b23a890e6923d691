"""Grade a whole class: take submissions in, run them apart, record scores, write reports.

In: what a platform hands over (a folder or a zip), and a lab's source. Out: nbgrader's gradebook
and `autograded/`, feedback, a report of the class, and grades as platforms read them. In this
order:

    submissions → sandbox, running → gradebook → reports

Nothing of a submission runs outside the sandbox; what comes back from it is plain data.
"""
