"""The question `language.curves`: two curves of one architecture compared, in words."""

from labkit.checks.engine.exercise import Written

TASK = Written(
    id="language.curves",
    title="Two curves of one architecture",
    points=8,
    minutes=30,
    difficulty=3,
    objective="Say what perplexity sees of pruning that a classifier's accuracy does not.",
    words=(150, 250),
    rubric=(
        (
            2,
            "where the two curves leave their plateau, by one rule that is named, each with its "
            "figures at the last level before and the first one after, and their intervals",
        ),
        (
            2,
            "one level at which they disagree, why this one, and a reason that lies in what each "
            "of them counts",
        ),
        (
            2,
            "the perplexity beside that of a uniform guess, and one of the samples: what the model "
            "can still do there, and what no longer",
        ),
        (
            1,
            "what the figures cannot say: of other text, of other models, of a model trained "
            "further after pruning",
        ),
        (1, "a sparsity for a stated use, which follows from the figures"),
    ),
)
