"""The tables of docs/scaling.md: what is computed, sent and kept in a step, by arithmetic and by counting.

`python docs/make_scaling.py` prints them. Seconds of computing are FLOPs over `SPEED`, seconds of sending
bytes over the link: a ring all-reduce sends 2 (N - 1) / N times the gradients from every GPU (Patarasuk &
Yuan, doi:10.1016/j.jpdc.2008.09.002).
"""

from dataclasses import dataclass

import torch

from aetui.config.chains import trace_model
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.models.transformer import recompute_blocks
from aetui.models.vit_mae import VitMae
from aetui.shapes.vit import MAE_DECODER, SIZES, VitMaeShape

SPEED = 400e12
"""FLOP/s in bf16 that a large model reaches on an H100 or H200: 40 % of the 989e12 of their data sheet."""
SMALL_SPEED = 20e12
"""That a small convolutional model may reach: a guess, its kernels are too short for more."""
LINKS = {"NVLink": 450e9, "400 Gb/s": 50e9, "100 Gb/s": 12.5e9, "10 Gb/s": 1.25e9}
"""Bytes a second in one direction, for each GPU: NVLink 4, one InfiniBand NDR port, Ethernet."""
BYTES = 4
"""Of a gradient: float32, also where the model computes in bf16."""
IN_TRAINING = 6
"""FLOPs for a multiply-accumulate of the forward pass: two, and twice as many again in the backward one."""


@dataclass(frozen=True)
class Model:
    name: str
    parameters: int
    macs: int
    """Forward, an image."""
    speed: float = SPEED
    shape: VitMaeShape | None = None

    @property
    def gradient_bytes(self) -> int:
        return BYTES * self.parameters

    @property
    def image_seconds(self) -> float:
        return IN_TRAINING * self.macs / self.speed

    def sending_seconds(self, gpus: int, link: float) -> float:
        return 2 * (gpus - 1) / gpus * self.gradient_bytes / link

    def hiding_batch(self, gpus: int, link: float) -> int:
        """Images a GPU from which on the backward pass, two thirds of a step, is as long as the sending."""
        return -int(-self.sending_seconds(gpus, link) / (2 / 3 * self.image_seconds) // 1)


def shipped(name: str) -> Model:
    encoder, decoder = trace_model(read_preset(find_preset(name)))
    parts = [*encoder, *decoder]
    return Model(f"`{name}`", sum(p.parameters for p in parts), sum(p.macs for p in parts), SMALL_SPEED)


def vit(name: str, size: str, image: int, patch: int) -> Model:
    shape = VitMaeShape((3, image, image), patch, SIZES[size], MAE_DECODER)
    return Model(name, shape.parameters, shape.macs, shape=shape)


MODELS = [
    shipped("mnist-mlp"),
    shipped("mnist-conv"),
    vit("ViT-Tiny/4, 32x32", "tiny", 32, 4),
    vit("ViT-Base/16, 224x224", "base", 224, 16),
    vit("ViT-Large/16, 224x224", "large", 224, 16),
    vit("ViT-Huge/14, 224x224", "huge", 224, 14),
]
GPUS = (1, 8, 64, 1024)
BATCH = 4096
"""Images a step, as in the masked autoencoders' recipe."""


def bytes_table() -> str:
    rows = ["| model | parameters | gradients a step | FLOP an image | " + " | ".join(LINKS) + " |"]
    rows.append("|---" * (4 + len(LINKS)) + "|")
    for model in MODELS:
        batches = [f"{model.hiding_batch(8, link):,}" for link in LINKS.values()]
        cells = [model.name, _short(model.parameters), f"{_short(model.gradient_bytes)}B"]
        rows.append(f"| {' | '.join([*cells, _short(IN_TRAINING * model.macs), *batches])} |")
    return "\n".join(rows)


def step_table(model: Model) -> str:
    rows = ["| GPUs | images a GPU | computing | sending, NVLink | sending, 400 Gb/s | efficiency at least |"]
    rows.append("|---|---|---|---|---|---|")
    for gpus in GPUS:
        computing = BATCH / gpus * model.image_seconds
        inside = model.sending_seconds(min(gpus, 8), LINKS["NVLink"])
        between = model.sending_seconds(gpus, LINKS["400 Gb/s"]) if gpus > 8 else 0.0
        slower = max(inside, between)
        hidden = min(slower, 2 / 3 * computing)
        efficiency = computing / (computing + slower - hidden)
        cells = [
            f"{gpus:,}",
            f"{BATCH // gpus:,}",
            *map(_ms, (computing, inside, between)),
            f"{efficiency:.0%}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def memory_table() -> str:
    """Weights, gradients and Adam's two moments are four numbers a weight; sharded, each of N GPUs keeps an
    N-th of them, and the weights once more, whole, for tests."""
    heads = "model | training state | each of 8, sharded | each of 64 | kept an image | with recomputing"
    rows = [f"| {heads} |", "|---|---|---|---|---|---|"]
    for model in filter(lambda model: model.shape, MODELS):
        whole = BYTES * model.parameters
        shares = [4 * whole / gpus + whole for gpus in (8, 64)]
        cells = [model.name, *(f"{_short(size)}B" for size in (4 * whole, *shares, *kept_bytes(model.shape)))]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def kept_bytes(shape: VitMaeShape) -> list[float]:
    """What the forward pass keeps of an image for the backward one, in bf16 on a CPU; then with its blocks
    computed twice."""
    model = VitMae(shape, norm_pix=True)
    found = []
    for _ in range(2):
        some, more = (_kept_of(model, images) for images in (1, 2))
        found.append(more - some)
        recompute_blocks(model)
    return found


def _kept_of(model: VitMae, images: int) -> float:
    kept = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    pixels, noise = torch.rand(images, *model.shape.image), torch.rand(images, model.patches)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        with torch.autocast("cpu", torch.bfloat16):
            predicted, mask = model(pixels, noise)
        loss = model.losses(pixels, predicted.float(), mask).mean()  # it holds what is counted
    assert loss.requires_grad
    return sum(kept.values())


def _ms(seconds: float) -> str:
    return "–" if not seconds else f"{1000 * seconds:,.3g} ms"


def _short(value: float) -> str:
    for unit in ("", "k", "M", "G", "T"):
        if value < 1000:
            return f"{value:.3g} {unit}".rstrip()
        value /= 1000
    return f"{value:.3g} P"


if __name__ == "__main__":
    print(bytes_table())
    for model in (MODELS[3], MODELS[5]):
        print(f"\n{model.name}, {BATCH:,} images a step\n\n{step_table(model)}")
    print(f"\n{memory_table()}")
