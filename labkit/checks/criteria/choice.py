"""The question `criteria.choice`, answered in words."""

from labkit.checks.engine.exercise import Written

TASK = Written(
    id="criteria.choice",
    title="Which criterion would you use?",
    points=8,
    minutes=30,
    difficulty=3,
    objective="Choose a criterion from measured figures, and say for what it was measured.",
    words=(150, 250),
    rubric=(
        (1, "a clear choice of criterion, sparsity and pattern for a stated model and use"),
        (
            2,
            "losses of the table carry it: the chosen criterion against magnitude and one other, "
            "with what each was measured on",
        ),
        (
            2,
            "what the calibration adds: how much text, of which kind, and what changes with noise "
            "or with less of it (also where that helps)",
        ),
        (
            1,
            "what it costs: data, time or numbers kept of the inputs that magnitude does not need, "
            "or kept weights that change",
        ),
        (
            2,
            "what a small model does not show: why the order may be another in a larger one, and "
            "the measurement that would tell",
        ),
    ),
)
