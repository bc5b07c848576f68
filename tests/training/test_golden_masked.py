"""Golden losses: 20 steps of each masked autoencoder on generated shapes give the numbers that they gave.

A change that should leave training as it is must not move them. Where one is meant to, write them anew, from
the project's root, and say in the commit why: `python tests/training/test_golden_masked.py --write`.

Each file's first line says what they were computed with. On that machine torch 2.10.0, 2.14.1 and 2.15.0 give
the same eight digits. They are compared to a relative 1e-4, not exactly: processors, and versions of torch to
come, may sum in other orders, and rounding grows a little from step to step.
"""

import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from aetui.data.batches import to_unit_range
from aetui.data.generated import shapes
from aetui.models.build import build_chain
from aetui.models.conv_mae import ConvMae
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.vit_mae import VitMae
from aetui.shapes.chain import trace
from aetui.shapes.language import parse_chain
from aetui.shapes.vit import VitMaeShape, VitSize

IMAGE = (3, 32, 32)
STEPS = 20
BATCH_SIZE = 32
GOLDEN = Path(__file__).parent / "golden"


def conv_mae() -> MaskedAutoencoder:
    encoder = parse_chain(["conv 8 k3 s2 p1", "relu", "conv 16 k3 s2 p1", "relu"])
    decoder = parse_chain(["convt 8 k4 s2 p1", "relu", "convt 3 k4 s2 p1", "sigmoid"])
    latent = trace(IMAGE, encoder)[-1].output
    return ConvMae(build_chain(IMAGE, encoder), build_chain(latent, decoder), IMAGE, 4, 0.75)


def vit_mae(norm_pix: bool = False) -> MaskedAutoencoder:
    return VitMae(VitMaeShape(IMAGE, 4, VitSize(32, 2, 2), VitSize(16, 1, 2)), norm_pix)


MODELS: dict[str, Callable[[], MaskedAutoencoder]] = {
    "conv_mae": conv_mae,
    "vit_mae": vit_mae,
    "vit_mae_norm_pix": lambda: vit_mae(norm_pix=True),
}


def losses(make: Callable[[], MaskedAutoencoder]) -> Iterator[float]:
    """The loss of each step, before its update."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(0)
    images = to_unit_range(shapes(train=200, test=50).train.images, torch.device("cpu"))
    for step in range(STEPS):
        batch = images[torch.arange(step * BATCH_SIZE, (step + 1) * BATCH_SIZE) % len(images)]
        noise = torch.rand(BATCH_SIZE, model.patches, generator=generator)
        loss = model.loss(batch, *model(batch, noise))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


@pytest.mark.parametrize("name", MODELS)
def test_the_losses_are_the_golden_ones(name):
    _, *lines = (GOLDEN / f"{name}.txt").read_text().splitlines()
    golden = [float(line) for line in lines]
    assert len(golden) == STEPS
    assert list(losses(MODELS[name])) == pytest.approx(golden, rel=1e-4)


def write() -> None:
    GOLDEN.mkdir(exist_ok=True)
    computed_with = f"# torch {torch.__version__}, {platform.machine()}\n"
    for name, make in MODELS.items():
        lines = [f"{loss:.8g}\n" for loss in losses(make)]
        (GOLDEN / f"{name}.txt").write_text("".join([computed_with, *lines]))


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python tests/training/test_golden_masked.py --write")
    write()
