"""The question `challenges.conclusion`, answered in words."""

from labkit.checks.engine.exercise import Written

TASK = Written(
    id="challenges.conclusion",
    title="Would you ship a pruned model?",
    points=8,
    minutes=30,
    difficulty=3,
    objective="Decide from measured figures, and say how sure they let you be.",
    words=(150, 250),
    rubric=(
        (1, "a clear decision for a stated use: which model, which sparsity, or none"),
        (
            2,
            "figures of your own runs support it, from the table and from another exercise or lab; "
            "each says what was measured on what",
        ),
        (
            2,
            "their uncertainty: an interval or paired comparison, and a difference it cannot tell",
        ),
        (
            2,
            "what the zeros bring: file size and run time as measured, not worked out from the "
            "sparsity",
        ),
        (1, "what would change the decision: a measurement that is still missing"),
    ),
)
