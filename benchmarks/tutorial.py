"""The loop that tutorials show, on the model of `mnist-mlp`: what a user has before aetui.

`python benchmarks/tutorial.py DATA EPOCHS FILE [DEVICE]` writes the seconds of each epoch's training
into FILE.
"""

import sys
import time
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

WIDTHS = (784, 128, 64, 12, 3)


def layers(widths: tuple[int, ...]) -> list[nn.Module]:
    return [layer for i, o in pairwise(widths) for layer in (nn.Linear(i, o), nn.ReLU())][:-1]


def main(data: str, epochs: int, told: str, device: str = "cpu") -> None:
    torch.manual_seed(0)
    loader = DataLoader(MNIST(data, train=True, transform=ToTensor()), batch_size=64, shuffle=True)
    model = nn.Sequential(nn.Flatten(), *layers(WIDTHS), *layers(WIDTHS[::-1]), nn.Sigmoid()).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        began, total = time.perf_counter(), 0.0
        for images, _labels in loader:
            images = images.to(device)
            loss = nn.functional.mse_loss(model(images), images.flatten(1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        with Path(told).open("a") as file:
            print(time.perf_counter() - began, file=file)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
