#!/usr/bin/env bash
# A 2:4 mask in TensorFlow is that of the first step, whenever pruning shall begin.
#
# tensorflow-model-optimization 0.8.1, tensorflow-cpu 2.21.0, tf-keras 2.21.0.
#
# Guess before the run: `prune_low_magnitude(model, schedule, sparsity_m_by_n=(2, 4))` keeps to the
# schedule as it does without the pattern: no weight is zero before `begin_step`, and then the two
# smallest weights of each four at that time go.
#
# Seen: the schedule is not asked. The mask is made once, at step 1, and no step of training comes
# before it: the weights that go are the smallest of the random ones that the layer was made with.
# A model that learns for 200 steps before its pruning begins has half of its weights to learn
# with. The mask agrees with the two largest of each four of the first weights everywhere, and
# with those of the weights that are there when pruning should begin in 52 %, where chance makes
# 50. The frequency, the end and the sparsity of the schedule count for nothing as well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    tensorflow-model-optimization==0.8.1 tensorflow-cpu==2.21.0 tf-keras==2.21.0

cat > "$folder/expected" <<'SEEN'
learned for 200 steps: 0 % zero
its own two of four and those of its first weights: 52 % alike

zeros in the mask after step                1   199   200   300   400  mask alike
schedule                      pattern                                  first  learned
ConstantSparsity(0.5, 200)    none       0.00  0.00  0.50  0.50  0.50   52 %     83 %
ConstantSparsity(0.5, 200)    2:4        0.50  0.50  0.50  0.50  0.50  100 %     52 %
PolynomialDecay(0, 0.5, ...)  none       0.00  0.00  0.00  0.44  0.50   52 %     82 %
PolynomialDecay(0, 0.5, ...)  2:4        0.50  0.50  0.50  0.50  0.50  100 %     52 %
SEEN

export TF_CPP_MIN_LOG_LEVEL=3 TF_USE_LEGACY_KERAS=1 CUDA_VISIBLE_DEVICES=-1
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import numpy
import tensorflow
import tf_keras as keras
from tensorflow_model_optimization.sparsity import keras as sparsity

tensorflow.config.threading.set_intra_op_parallelism_threads(1)
tensorflow.config.threading.set_inter_op_parallelism_threads(1)
STEPS_OF_AN_EPOCH, BEGIN = 10, 200
random = numpy.random.default_rng(0)
features = random.normal(size=(STEPS_OF_AN_EPOCH * 16, 32)).astype("float32")
targets = features @ random.normal(size=(32, 32)).astype("float32")


class Watch(keras.callbacks.Callback):
    """Masks after given steps, and the weights at the start."""

    def __init__(self, steps):
        super().__init__()
        self.steps, self.masks = steps, {}

    def on_train_begin(self, logs=None):
        self.first = self.model.layers[0].layer.kernel.numpy()

    def on_train_batch_end(self, batch, logs=None):
        layer = self.model.layers[0]
        if (step := int(layer.pruning_step)) in self.steps:
            self.masks[step] = layer.pruning_vars[0][1].numpy()
        self.last = layer.layer.kernel.numpy()


def take_two_of_four(weights):
    """Mask of the two largest weights of each four inputs of an output."""
    blocks = numpy.abs(weights).T.reshape(-1, 4)
    ranks = blocks.argsort(axis=1).argsort(axis=1)
    return (ranks >= 2).reshape(weights.T.shape).T


def train(schedule, steps, **pattern):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(32, input_shape=(32,), use_bias=False)])
    model = sparsity.prune_low_magnitude(model, pruning_schedule=schedule, **pattern)
    model.compile(keras.optimizers.Adam(0.02), "mse")
    watch = Watch(steps)
    model.fit(
        features,
        targets,
        batch_size=16,
        epochs=max(steps) // STEPS_OF_AN_EPOCH,
        verbose=0,
        callbacks=[sparsity.UpdatePruningStep(), watch],
    )
    return watch


never = train(sparsity.ConstantSparsity(0.0, BEGIN, frequency=1), [BEGIN])
learned = take_two_of_four(never.last)
print(f"learned for {BEGIN} steps: {100 * (never.masks[BEGIN] == 0).mean():.0f} % zero")
print("its own two of four and those of its first weights: ", end="")
print(f"{100 * (learned == take_two_of_four(never.first)).mean():.0f} % alike\n")

STEPS = (1, 199, 200, 300, 400)
print(f"{'zeros in the mask after step':39}{''.join(f'{step:6}' for step in STEPS)}  mask alike")
print(f"{'schedule':30}pattern{'':32}  first  learned")
SCHEDULES = {
    "ConstantSparsity(0.5, 200)": sparsity.ConstantSparsity(0.5, BEGIN),
    "PolynomialDecay(0, 0.5, ...)": sparsity.PolynomialDecay(0.0, 0.5, BEGIN, 400),
}
for name, schedule in SCHEDULES.items():
    for pattern in ({}, {"sparsity_m_by_n": (2, 4)}):
        watch = train(schedule, STEPS, **pattern)
        zeros = "".join(f"{(watch.masks[step] == 0).mean():6.2f}" for step in STEPS)
        alike = [
            f"{100 * (watch.masks[400].astype(bool) == mask).mean():5.0f} %"
            for mask in (take_two_of_four(watch.first), learned)
        ]
        print(f"{name:30}{'2:4' if pattern else 'none':9}{zeros}{alike[0]}{alike[1]:>9}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
