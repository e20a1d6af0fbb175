"""TensorFlow, line by line: eager, and as a function that XLA compiles."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf

import work


def version():
    return f"TensorFlow {tf.__version__}"


@tf.custom_gradient
def leaky_relu(x):
    y = tf.where(x > 0, x, 0.2 * x)

    def grad(dy):
        return tf.where(x > 0, dy, 0.2 * dy)

    return y, grad


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)

    def grad(dy):
        return dy * (1.0 - 1.0 / (1.0 + e))

    return tf.math.log(1.0 + e), grad


def gelu(x):
    return 0.5 * x * (1.0 + tf.tanh(0.7978846 * (x + 0.044715 * x * x * x)))


@tf.custom_gradient
def sign(x):
    def grad(dy):
        return tf.where(tf.abs(x) <= 1.0, dy, 0.0)

    return tf.where(x >= 0, 1.0, -1.0), grad


def prepare(name, size, compiled):
    def made(function, *arguments):
        run = tf.function(function, jit_compile=True, autograph=False) if compiled else function
        arguments = [tf.constant(argument) for argument in arguments]
        return lambda: run(*arguments)

    functions = {"leaky_relu": leaky_relu, "log1pexp": log1pexp, "gelu": gelu}
    if name in functions:
        return made(gradient_of(functions[name]), work.x(size), tf.ones(size))
    if name == "sum_leaky_relu":
        return made(sum_leaky_relu, work.x(size))
    if name == "chain":
        return made(chain_compiled if compiled else chain, tf.constant(work.X_OF_CHAIN))
    if name == "dense":
        return made(dense, *work.dense(), tf.ones((work.DENSE[0], work.DENSE[2])))
    if name == "cross_entropy":
        return made(cross_entropy, work.logits(), work.labels(*work.LOGITS))
    if name == "signs":
        return made(signs())
    if name == "hvp":
        weights, directions = work.tanh()
        return made(hvp, work.images(), *weights, *directions)


def gradient_of(function):
    def run(x, dy):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return y, tape.gradient(y, x, output_gradients=dy)

    return run


def sum_leaky_relu(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(leaky_relu(x))
    return y, tape.gradient(y, x)


def chain(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.identity(x)
        for k in range(work.CHAIN):
            y = y * x if k % 2 == 0 else y + x
    return y, tape.gradient(y, x)


def chain_compiled(x):
    """As a loop: XLA takes minutes for ten thousand operations."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        steps = work.CHAIN // 2
        _, y = tf.while_loop(
            lambda k, y: k < steps, lambda k, y: (k + 1, y * x + x), (0, tf.identity(x)), maximum_iterations=steps
        )
    return y, tape.gradient(y, x)


def dense(x, w, b, dy):
    with tf.GradientTape() as tape:
        tape.watch((x, w, b))
        y = tf.nn.relu(x @ w + b)
    return y, *tape.gradient(y, (x, w, b), output_gradients=dy)


def cross_entropy(logits, labels):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    return loss, tape.gradient(loss, logits)


def signs():
    parameters = [tf.Variable(parameter) for parameter in work.signs()]
    adam = tf.keras.optimizers.Adam(work.LEARNING_RATE, epsilon=work.EPSILON)
    adam.build(parameters)
    images, labels = tf.constant(work.images()), tf.constant(work.labels(work.BATCH, 10))

    def step():
        with tf.GradientTape() as tape:
            features = sign(images @ parameters[0] + parameters[1])
            features = sign(features @ parameters[2] + parameters[3])
            logits = features @ parameters[4] + parameters[5]
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        gradients = tape.gradient(loss, parameters)
        adam.apply_gradients(zip(gradients, parameters))
        return loss, gradients[0], tf.identity(parameters[0]), tf.identity(parameters[5])

    return step


def hvp(x, w1, w2, v1, v2):
    with tf.autodiff.ForwardAccumulator((w1, w2), (v1, v2)) as accumulator:
        with tf.GradientTape() as tape:
            tape.watch((w1, w2))
            loss = tf.reduce_mean(tf.square(tf.tanh(x @ w1) @ w2))
        gradients = tape.gradient(loss, (w1, w2))
    return [accumulator.jvp(gradient) for gradient in gradients]
