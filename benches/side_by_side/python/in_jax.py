"""JAX: functions as its users write them, compiled whole."""

import functools

import jax
import jax.numpy as jnp
import work


def version():
    return f"JAX {jax.__version__}"


@jax.custom_vjp
def leaky_relu(x):
    return jnp.where(x > 0, x, 0.2 * x)


leaky_relu.defvjp(lambda x: (leaky_relu(x), x), lambda x, dy: (jnp.where(x > 0, dy, 0.2 * dy),))


@jax.custom_vjp
def log1pexp(x):
    return jnp.log(1.0 + jnp.exp(x))


def log1pexp_forward(x):
    e = jnp.exp(x)
    return jnp.log(1.0 + e), e


log1pexp.defvjp(log1pexp_forward, lambda e, dy: (dy * (1.0 - 1.0 / (1.0 + e)),))


def gelu(x):
    return 0.5 * x * (1.0 + jnp.tanh(0.7978846 * (x + 0.044715 * x * x * x)))


@jax.custom_vjp
def sign(x):
    return jnp.where(x >= 0, 1.0, -1.0)


sign.defvjp(lambda x: (sign(x), x), lambda x, dy: (jnp.where(jnp.abs(x) <= 1.0, dy, 0.0),))


def prepare(name, size):
    def made(function, *arguments):
        run = jax.jit(function)
        arguments = [jnp.asarray(argument) for argument in arguments]
        return lambda: jax.block_until_ready(run(*arguments))

    functions = {"leaky_relu": leaky_relu, "log1pexp": log1pexp, "gelu": gelu}
    if name in functions:
        return made(functools.partial(gradient_of, functions[name]), work.x(size), jnp.ones(size))
    if name == "sum_leaky_relu":
        return made(jax.value_and_grad(lambda x: jnp.sum(leaky_relu(x))), work.x(size))
    if name == "chain":
        return made(jax.value_and_grad(chain), jnp.float32(work.X_OF_CHAIN))
    if name == "dense":
        return made(dense, *work.dense(), jnp.ones((work.DENSE[0], work.DENSE[2])))
    if name == "cross_entropy":
        return made(jax.value_and_grad(mean_cross_entropy), work.logits(), work.labels(*work.LOGITS))
    if name == "signs":
        return signs()
    if name == "hvp":
        weights, directions = work.tanh()
        return made(hvp, work.images(), *weights, *directions)


def gradient_of(function, x, dy):
    y, backward = jax.vjp(function, x)
    return y, *backward(dy)


def chain(x):
    """As a loop: ten thousand operations take minutes to compile."""
    return jax.lax.scan(lambda y, _: (y * x + x, None), x, length=work.CHAIN // 2)[0]


def dense(x, w, b, dy):
    y, backward = jax.vjp(lambda x, w, b: jax.nn.relu(x @ w + b), x, w, b)
    return y, *backward(dy)


def mean_cross_entropy(logits, labels):
    log = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(log, labels[:, None], axis=1))


def signs():
    images, labels = jnp.asarray(work.images()), jnp.asarray(work.labels(work.BATCH, 10))

    def loss_of(parameters):
        features = sign(images @ parameters[0] + parameters[1])
        features = sign(features @ parameters[2] + parameters[3])
        return mean_cross_entropy(features @ parameters[4] + parameters[5], labels)

    @functools.partial(jax.jit, donate_argnums=(0, 1, 2))
    def step(parameters, first, second, count):
        loss, gradients = jax.value_and_grad(loss_of)(parameters)
        rate = work.LEARNING_RATE * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradients)]
        second = [0.999 * v + 0.001 * g * g for v, g in zip(second, gradients)]
        parameters = [p - rate * m / (jnp.sqrt(v) + work.EPSILON) for p, m, v in zip(parameters, first, second)]
        return parameters, first, second, loss, gradients[0]

    parameters = [jnp.asarray(parameter) for parameter in work.signs()]
    state = [parameters, [jnp.zeros_like(p) for p in parameters], [jnp.zeros_like(p) for p in parameters], 0]

    def run():
        state[3] += 1
        parameters, first, second, loss, gradient = jax.block_until_ready(step(*state[:3], jnp.float32(state[3])))
        state[:3] = parameters, first, second
        return loss, gradient, parameters[0], parameters[5]

    return run


def hvp(x, w1, w2, v1, v2):
    def loss(w1, w2):
        return jnp.mean(jnp.square(jnp.tanh(x @ w1) @ w2))

    return jax.jvp(jax.grad(loss, argnums=(0, 1)), (w1, w2), (v1, v2))[1]
