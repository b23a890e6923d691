"""The question `weights.reading`: what the pictures of the weights say, in words."""

from labkit.checks.engine.exercise import Written

TASK = Written(
    id="weights.reading",
    title="What the pictures say",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Say what a weight distribution tells about pruning, and what it does not.",
    words=(100, 200),
    rubric=(
        (2, "one observation on each of the three models, with a number from the lab's output"),
        (1, "the shape of the whole is told apart from the shape of a single matrix"),
        (2, "what follows for global pruning: which matrices or blocks lose most weights"),
        (
            1,
            "what the pictures cannot say: size alone does not decide whether a weight matters",
        ),
    ),
)
