"""The model of `mnist-mlp` trained by Lightning with its RichProgressBar: what peers show.

`python benchmarks/lightning_peer.py DATA EPOCHS FILE`, with a Python that has lightning, writes the seconds
of each epoch's training into the file.
"""

import sys
import time
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import RichProgressBar
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor
from tutorial import WIDTHS, layers


class Autoencoder(lightning.LightningModule):
    def __init__(self, told: str) -> None:
        super().__init__()
        self.told = told
        self.model = nn.Sequential(nn.Flatten(), *layers(WIDTHS), *layers(WIDTHS[::-1]), nn.Sigmoid())

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        images, _ = batch
        loss = nn.functional.mse_loss(self.model(images), images.flatten(1))
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=1e-3)

    def on_train_epoch_start(self) -> None:
        self.began = time.perf_counter()

    def on_train_epoch_end(self) -> None:
        with Path(self.told).open("a") as file:
            print(time.perf_counter() - self.began, file=file)


def main(data: str, epochs: int, told: str) -> None:
    lightning.seed_everything(0, verbose=False)
    loader = DataLoader(MNIST(data, train=True, transform=ToTensor()), batch_size=64, shuffle=True)
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=epochs, logger=False, enable_checkpointing=False,
        enable_model_summary=False, callbacks=[RichProgressBar()],
    )  # fmt: skip
    trainer.fit(Autoencoder(told), loader)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
