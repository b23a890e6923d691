#!/usr/bin/env bash
# Pruning in TensorFlow ends below its final sparsity, or never begins.
#
# tensorflow-model-optimization 0.8.1, tensorflow-cpu 2.21.0, tf-keras 2.21.0.
#
# Guess before the run: `ConstantSparsity(0.5, begin_step=0)` has half of the weights at zero from
# the first step on, and `PolynomialDecay` with "final_sparsity: sparsity at which pruning ends"
# is there at its `end_step`. The masks are made anew every 100 steps, as `frequency` says, and
# once more at the end.
#
# Seen: the first step has the number 1, so step 0 never comes, and masks are made at the steps
# begin + 100, begin + 200 and so on that are not past the end. Whatever begins at 0 and ends
# before step 100 prunes nothing at all. An end that is no multiple of 100 from the beginning is
# not reached: the last mask is that of the last multiple, 0.71 for 0.8 here. Nothing is said of
# this, and training goes on with that mask. With `begin_step=1` the first step counts, and with a
# `frequency` that divides end - begin the last one does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    tensorflow-model-optimization==0.8.1 tensorflow-cpu==2.21.0 tf-keras==2.21.0

cat > "$folder/expected" <<'SEEN'
schedule            begin  end  frequency  steps trained  wanted  zeros
ConstantSparsity        0   -1        100             90    0.50   0.00
ConstantSparsity        0   -1        100            100    0.50   0.50
ConstantSparsity        1   -1        100             90    0.50   0.50
PolynomialDecay         0   90        100            200    0.80   0.00
PolynomialDecay         0  150        100            200    0.80   0.77
PolynomialDecay         0  200        100            200    0.80   0.80
PolynomialDecay         0  299        100            400    0.80   0.77
PolynomialDecay         0  299         13            400    0.80   0.80
PolynomialDecay        50  240        100            400    0.80   0.71
PolynomialDecay        50  240         19            400    0.80   0.80
SEEN

export TF_CPP_MIN_LOG_LEVEL=3 TF_USE_LEGACY_KERAS=1 CUDA_VISIBLE_DEVICES=-1
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import numpy
import tensorflow
import tf_keras as keras
from tensorflow_model_optimization.sparsity import keras as sparsity

tensorflow.config.threading.set_intra_op_parallelism_threads(1)
tensorflow.config.threading.set_inter_op_parallelism_threads(1)
STEPS_OF_AN_EPOCH = 10
features = numpy.random.default_rng(0).normal(size=(STEPS_OF_AN_EPOCH * 16, 32)).astype("float32")
labels = (features.sum(axis=1) > 0).astype("int32")


def train(schedule, steps):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(50, input_shape=(32,)), keras.layers.Dense(2)]
    model = sparsity.prune_low_magnitude(keras.Sequential(layers), pruning_schedule=schedule)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(
        features,
        labels,
        batch_size=16,
        epochs=steps // STEPS_OF_AN_EPOCH,
        verbose=0,
        callbacks=[sparsity.UpdatePruningStep()],
    )
    return (sparsity.strip_pruning(model).get_weights()[0] == 0).mean()


def constant(begin, end, frequency):
    return sparsity.ConstantSparsity(0.5, begin, end, frequency)


def polynomial(begin, end, frequency):
    return sparsity.PolynomialDecay(0.0, 0.8, begin, end, frequency=frequency)


print("schedule            begin  end  frequency  steps trained  wanted  zeros")
for name, make, wanted, cases in (
    ("ConstantSparsity", constant, 0.5, ((0, -1, 100, 90), (0, -1, 100, 100), (1, -1, 100, 90))),
    (
        "PolynomialDecay",
        polynomial,
        0.8,
        (
            (0, 90, 100, 200),
            (0, 150, 100, 200),
            (0, 200, 100, 200),
            (0, 299, 100, 400),
            (0, 299, 13, 400),
            (50, 240, 100, 400),
            (50, 240, 19, 400),
        ),
    ),
):
    for begin, end, frequency, steps in cases:
        zeros = train(make(begin, end, frequency), steps)
        print(f"{name:20}{begin:5}{end:5}{frequency:11}{steps:15}{wanted:8.2f}{zeros:7.2f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
