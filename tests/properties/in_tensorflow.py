"""Runs the programs of rules.rs with TensorFlow's own `custom_gradient`, and compares values, gradients and second derivatives.

    python -m pip install tensorflow-cpu==2.21.0 && python tests/properties/in_tensorflow.py PROGRAMS_FILE

`rules.rs` says how the file is written. Second derivatives are the change of the gradients along a direction.
"""

import json
import sys

import numpy as np
import tensorflow as tf

WEIGHTS = tf.constant([0.75, -0.5, 1.25], tf.float64)


@tf.custom_gradient
def squash(x):
    y = tf.tanh(x)
    return y, lambda dy: dy * (1.0 - y * y)


@tf.custom_gradient
def ratio(x, y):
    below = 1.0 + y * y
    return x / below, lambda dz: (dz / below, dz * (-2.0 * x * y / (below * below)))


@tf.custom_gradient
def pair(x, y):
    p = tf.tanh(x * y)

    def grad(dp, dm):
        of_product = dp * (1.0 - p * p)
        return of_product * y + dm, of_product * x - dm

    return (p * 1.0, x - y), grad


@tf.custom_gradient
def damped(x, y):
    scale = 1.0 + y * y
    return x / scale, lambda dz: (dz / scale, dz * -2.0 * x * y / (scale * scale))


@tf.custom_gradient
def huber(x):
    near = tf.abs(x) < 1.0
    y = tf.where(near, 0.5 * x * x, tf.abs(x) - 0.5)
    return y, lambda dy: tf.where(near, dy * x, dy * tf.sign(x))


@tf.custom_gradient
def shifted(x, y):
    return x + y, lambda dz: (dz, tf.reduce_sum(dz))


@tf.custom_gradient
def softened(x):
    e = tf.exp(x * 0.5)
    return tf.math.log(e + 1.0), lambda dy: dy * 0.5 * e / (e + 1.0)


@tf.custom_gradient
def nested(x, y):
    inner = squash(x)

    def grad(dz):
        below = 1.0 + y * y
        slope = 1.0 - inner * inner
        return dz * slope / below, -2.0 * dz * inner * y / (below * below)

    return ratio(inner, y), grad


@tf.custom_gradient
def cosine(x):
    def grad(dy):
        @tf.custom_gradient
        def slope(x, dy):
            return dy * -tf.sin(x), lambda ddx: (ddx * dy * -tf.cos(x), ddx * -tf.sin(x))

        return slope(x, dy)

    return tf.cos(x), grad


@tf.custom_gradient
def mean_of(*xs):
    return tf.add_n(list(xs)) / len(xs), lambda dy: [dy / len(xs)] * len(xs)


@tf.custom_gradient
def maybe(x, y):
    def grad(dz):
        t = tf.tanh(x + y)
        slope = dz * (1.0 - t * t)
        return slope, slope

    return tf.tanh(x + y), grad


@tf.custom_gradient
def maybe_not(x):
    return x * 0.5, lambda dz: dz * 0.5


@tf.custom_gradient
def layer(x):
    y = tf.tanh(x * WEIGHTS)
    return y, lambda dy: dy * (1.0 - y * y) * WEIGHTS


@tf.custom_gradient
def scaled(x):
    return x * 0.75, lambda dy: dy * 0.75


def both(x, y):
    product, difference = pair(x, y)
    return product + difference * 0.25


STEPS = {
    "Squash": lambda x, y: squash(x),
    "Ratio": ratio,
    "Pair": both,
    "Damped": damped,
    "Huber": lambda x, y: huber(x),
    "Shifted": lambda x, y: shifted(x * 0.5, tf.reduce_mean(y) * 0.5),
    "Softened": lambda x, y: softened(x),
    "Nested": nested,
    "Cosine": lambda x, y: cosine(x),
    "MeanOf": lambda x, y: mean_of(x, y, x),
    "Maybe": maybe,
    "MaybeNot": lambda x, y: maybe_not(x),
    "Layer": lambda x, y: layer(x),
    "Closure": lambda x, y: scaled(x),
    "Recomputed": lambda x, y: squash(ratio(x, y) + y),
    "Sum": lambda x, y: (x + y) * 0.5,
    "Product": lambda x, y: tf.tanh(x * y),
    "Chosen": lambda x, y: tf.where(x > y, x * 0.5, tf.sin(y)),
    "Clipped": lambda x, y: tf.clip_by_value(x, -0.9, 0.8),
    "Root": lambda x, y: tf.sqrt(x * x + 1.0) - 1.0,
}


def run(steps, inputs):
    tensors = list(inputs)
    for kind, left, right in steps:
        tensors.append(STEPS[kind](tensors[left], tensors[right]))
    last = tensors[-1]
    return tf.reduce_sum(tf.square(last) + last * 0.5)


def derivatives(program):
    inputs = [tf.constant(program[name], tf.float64) for name in "xy"]
    direction = tf.constant(program["v"], tf.float64)
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            value = run(program["steps"], inputs)
        first = tf.concat(inner.gradient(value, inputs, unconnected_gradients="zero"), 0)
        along = tf.reduce_sum(first * direction)
    second = tf.concat(outer.gradient(along, inputs, unconnected_gradients="zero"), 0)
    return value.numpy(), first.numpy(), second.numpy()


def main():
    count, wrong = 0, 0
    for line in open(sys.argv[1]):
        program = json.loads(line)
        found = [program["value"], program["first"], program["second"]]
        for what, here, there in zip(["value", "first", "second"], found, derivatives(program)):
            if not np.allclose(here, there, rtol=1e-9, atol=1e-9):
                wrong += 1
                print(f"{what} of program {program['seed']}: {here}, TensorFlow {there}: {program['steps']}")
        count += 1
    print(f"{count} programs, {wrong} differences")
    sys.exit(wrong > 0)


main()
