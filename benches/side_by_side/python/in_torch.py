"""PyTorch: eager, and by `torch.compile`."""

import torch
import torch.nn.functional as F

import work


def version():
    return f"PyTorch {torch.__version__}"


class LeakyRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 0, x, 0.2 * x)

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, dy, 0.2 * dy)


class Log1pExp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        e = torch.exp(x)
        ctx.save_for_backward(e)
        return torch.log(1.0 + e)

    @staticmethod
    def backward(ctx, dy):
        (e,) = ctx.saved_tensors
        return dy * (1.0 - 1.0 / (1.0 + e))


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return torch.where(x.abs() <= 1.0, dy, 0.0)


def gelu(x):
    return 0.5 * x * (1.0 + torch.tanh(0.7978846 * (x + 0.044715 * x * x * x)))


def dense(x, w, b):
    return torch.relu(x @ w + b)


def chain(x):
    y = x
    for k in range(work.CHAIN):
        y = y * x if k % 2 == 0 else y + x
    return y


def prepare(name, size, compiled):
    # Otherwise a function that was compiled for some work counts against how often another may be compiled.
    torch.compiler.reset()
    made = torch.compile if compiled else lambda function: function
    functions = {"leaky_relu": LeakyRelu.apply, "log1pexp": Log1pExp.apply, "gelu": gelu}
    if name in functions:
        return gradients(made(functions[name]), [work.x(size)], torch.ones(size))
    if name == "sum_leaky_relu":
        return gradients(made(lambda x: LeakyRelu.apply(x).sum()), [work.x(size)])
    if name == "chain" and not compiled:
        return gradients(chain, [work.X_OF_CHAIN])
    if name == "dense":
        return gradients(made(dense), work.dense(), torch.ones(work.DENSE[0], work.DENSE[2]))
    if name == "cross_entropy":
        labels = torch.as_tensor(work.labels(*work.LOGITS))
        return gradients(made(lambda logits: F.cross_entropy(logits, labels)), [work.logits()])
    if name == "signs":
        return signs(made)
    if name == "hvp" and not compiled:
        return hvp()
    return None


def gradients(function, inputs, dy=None):
    inputs = [torch.as_tensor(x).requires_grad_() for x in inputs]

    def run():
        y = function(*inputs)
        return y.detach(), *torch.autograd.grad(y, inputs, dy)

    return run


def signs(made):
    parameters = [torch.as_tensor(parameter).requires_grad_() for parameter in work.signs()]
    # PyTorch adds epsilon after the correction of the running means: so it is the same in the first step.
    adam = torch.optim.Adam(parameters, lr=work.LEARNING_RATE, eps=work.EPSILON / 0.001**0.5)
    images, labels = torch.as_tensor(work.images()), torch.as_tensor(work.labels(work.BATCH, 10))

    @made
    def loss_of(images, labels):
        features = Sign.apply(images @ parameters[0] + parameters[1])
        features = Sign.apply(features @ parameters[2] + parameters[3])
        return F.cross_entropy(features @ parameters[4] + parameters[5], labels)

    def run():
        adam.zero_grad()
        loss = loss_of(images, labels)
        loss.backward()
        adam.step()
        return loss.detach(), parameters[0].grad, parameters[0].detach(), parameters[5].detach()

    return run


def hvp():
    x = torch.as_tensor(work.images())
    weights, directions = ([torch.as_tensor(part) for part in parts] for parts in work.tanh())
    weights = [part.requires_grad_() for part in weights]

    def run():
        loss = (torch.tanh(x @ weights[0]) @ weights[1]).square().mean()
        gradients = torch.autograd.grad(loss, weights, create_graph=True)
        return torch.autograd.grad(gradients, weights, directions)

    return run
