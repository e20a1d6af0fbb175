"""What PyTorch keeps for the backward pass of the network in `main.rs`.

`python saved_bytes.py` prints bytes, without those of parameters and inputs. It needs PyTorch on a CPU.
"""

import torch

BATCH = 256
WIDTHS = [784, 512, 512, 10]


def storage(tensor):
    return tensor.untyped_storage()


def main():
    layers = []
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    images = torch.randn(BATCH, WIDTHS[0])
    labels = torch.arange(BATCH) % 10
    given = {storage(tensor).data_ptr() for tensor in [images, labels, *network.parameters()]}

    saved = {}

    def pack(tensor):
        if storage(tensor).data_ptr() not in given:
            saved[storage(tensor).data_ptr()] = (storage(tensor).nbytes(), tuple(tensor.shape))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = torch.nn.functional.cross_entropy(network(images), labels)

    print(f"PyTorch {torch.__version__} keeps {sum(size for size, _ in saved.values())} bytes")
    for size, shape in saved.values():
        print(f"{size:>12} of shape {list(shape)}")
    loss.backward()


main()
