"""What an autoencoder is compared with: guesses that have learned nothing, or one linear map.

They are models like any other, tested on the same test images, on noisy ones where the run has noise. A
linear autoencoder with k numbers in its code is at best as good as k principal components: Bourlard & Kamp,
doi:10.1007/BF00332918. N training images of D values.
"""

import functools
from collections.abc import Callable, Iterator
from math import prod

import torch
from torch import Tensor, nn

from aetui.config.chains import trace_model
from aetui.data.batches import in_order, to_unit_range
from aetui.data.images import ImageSet
from aetui.models.autoencoder import Autoencoder
from aetui.runs.events import ActivityChanged, BaselineMeasured, Emit, Warned
from aetui.training.evaluation import batch_size_of_tests
from aetui.training.training import Training

MOST_VALUES = 4096
"""D of which components are computed: for 3x36x36 that takes seconds."""
EXACT_VALUES = 1024
"""D or N up to which they are computed; beyond, `torch.pca_lowrank` draws them near (arXiv 0909.4061)."""
MOST_IMAGES = 20_000
"""Evenly spread, that these are drawn from."""
MOST_DRAWN = 256
"""Components that are drawn in seconds."""
SPARE, ROUNDS = 10, 4
"""Components that are drawn besides, and how often they are drawn nearer."""


class MeanImage(nn.Module):
    """Answers every image with the mean (C, H, W) of the training images."""

    mean: Tensor

    def __init__(self, mean: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)

    def forward(self, images: Tensor) -> Tensor:
        return self.mean.expand_as(images)


class PrincipalComponents(MeanImage):
    """The nearest images that k components (D, k), orthonormal, around the mean can make."""

    components: Tensor

    def __init__(self, mean: Tensor, components: Tensor) -> None:
        super().__init__(mean)
        self.register_buffer("components", components)

    def forward(self, images: Tensor) -> Tensor:
        centred = (images - self.mean).flatten(1)
        projected: Tensor = centred @ self.components @ self.components.T
        return projected.view_as(images) + self.mean


def measure_baselines(training: Training, between: Callable[[], None], emit: Emit) -> None:
    """Say what each reaches. `between` is called between two and may raise to leave."""
    for name, make in baselines(training):
        between()
        emit(ActivityChanged(f"measuring {name}"))
        try:
            emit(BaselineMeasured(name, loss_of(make(), training)))
        except (RuntimeError, ValueError) as error:  # too little memory, a decomposition that comes to no end
            why = str(error).partition("\n")[0]
            emit(Warned(f"{name}, to be compared with, cannot be measured: {why}"))
        emit(ActivityChanged(""))


def baselines(training: Training) -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    """Those that a run of an autoencoder with the squared error has: their names, and what makes them."""
    if not isinstance(training.model, Autoencoder) or training.objective.tells_pixels(training.model):
        return
    if training.objective.noise_std:
        yield "noisy input", nn.Identity
    mean = functools.cache(lambda: mean_image(training.train, training.device))
    yield "mean image", lambda: MeanImage(mean())
    values, numbers = training.train.images[0].numel(), prod(trace_model(training.preset)[0][-1].output)
    is_exact = min(values, len(training.train)) <= EXACT_VALUES
    if numbers < values <= MOST_VALUES and (is_exact or numbers <= MOST_DRAWN):
        of = training.train, numbers, training.device
        yield f"PCA-{numbers}", lambda: PrincipalComponents(mean(), principal_components(mean(), *of))


def mean_image(images: ImageSet, device: torch.device) -> Tensor:
    """(C, H, W), float32."""
    sums = [
        to_unit_range(batch.images, device).sum(0) for batch in in_order(images, batch_size_of_tests(images))
    ]
    return torch.stack(sums).sum(0) / len(images)


def principal_components(mean: Tensor, images: ImageSet, count: int, device: torch.device) -> Tensor:
    """Those of largest variance (D, count), orthonormal, float32; fewer where the images are fewer."""
    if mean.numel() <= EXACT_VALUES < len(images):
        covariance = torch.zeros(mean.numel(), mean.numel(), device=device)
        for batch in in_order(images, batch_size_of_tests(images)):
            centred = (to_unit_range(batch.images, device) - mean).flatten(1)
            covariance += centred.T @ centred
        found: Tensor = torch.linalg.eigh(covariance.cpu()).eigenvectors.flip(1).to(device)
        return found[:, :count]
    some = images.images[:: -(-len(images) // MOST_IMAGES)]
    centred = (to_unit_range(some, device) - mean).flatten(1)
    if len(some) <= EXACT_VALUES:
        found = torch.linalg.svd(centred, full_matrices=False).Vh.T
    else:
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(0)
            drawn = min(count + SPARE, *centred.shape)
            found = torch.pca_lowrank(centred, q=drawn, center=False, niter=ROUNDS)[2]
    return found[:, :count]


@torch.inference_mode()
def loss_of(model: nn.Module, training: Training) -> float:
    """Its mean loss over the test images that are not abnormal, on the inputs that a model is tested with."""
    errors, first = [], 0
    for number, batch in enumerate(in_order(training.test, batch_size_of_tests(training.test))):
        errors.append(training.objective.test(model, batch, number, first).errors)
        first += len(batch)
    abnormal = training.abnormal_among(training.test)
    counted = torch.cat(errors).cpu().double()
    return (counted if abnormal is None else counted[~abnormal.cpu()]).mean().item()
