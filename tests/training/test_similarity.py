"""PSNR and SSIM are those of scikit-image."""

import math

import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from aetui.data.generated import digits, shapes
from aetui.data.images import ImageSet
from aetui.runs.quality import peak_signal_to_noise
from aetui.training import similarity
from aetui.training.evaluation import evaluate
from aetui.training.objective import Objective

MADE = {"digits": digits(train=1, test=300).test, "shapes": shapes(train=1, test=40).test}


def clean_of(images: ImageSet) -> torch.Tensor:
    return images.images / 255


def of_scikit_image(images: torch.Tensor, others: torch.Tensor) -> list[float]:
    """As its documentation says that Wang et al. compute it."""
    pairs = zip(images.double().numpy(), others.double().numpy(), strict=True)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return [structural_similarity(*pair, data_range=1.0, channel_axis=0, **options) for pair in pairs]


@pytest.mark.parametrize("noise", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("kind", MADE)
def test_it_is_that_of_scikit_image(kind, noise):
    clean = clean_of(MADE[kind])[:40, :, :27]  # not square
    others = clean + noise * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
    found = similarity.structural_similarity(clean, others)
    assert found.tolist() == pytest.approx(of_scikit_image(clean, others), abs=1e-4)


@pytest.mark.parametrize("size", [(11, 11), (64, 11)])
def test_one_window_is_enough(size):
    images, others = torch.rand(2, 3, 3, *size, generator=torch.Generator().manual_seed(2))
    found = similarity.structural_similarity(images, others)
    assert found.tolist() == pytest.approx(of_scikit_image(images, others), abs=1e-4)
    assert similarity.structural_similarity(images[..., 1:], others[..., 1:]) is None


class Dimmed(torch.nn.Module):
    def forward(self, images):
        return images * 0.7


def test_the_test_of_a_model_tells_the_mean_over_all_images():
    test = MADE["digits"]
    tested = evaluate(Dimmed(), test, Objective(torch.device("cpu"), seed=0), lambda: None)
    clean = clean_of(test)
    expected = of_scikit_image(clean, clean * 0.7)
    assert len(expected) == 300
    assert tested.similarity == pytest.approx(sum(expected) / 300, abs=1e-5)


def test_the_ratio_is_that_of_scikit_image():
    clean = clean_of(MADE["shapes"]).double().numpy()
    others = clean * 0.7
    expected = peak_signal_noise_ratio(clean, others, data_range=1.0)
    assert peak_signal_to_noise(((clean - others) ** 2).mean()) == pytest.approx(expected)
    assert peak_signal_to_noise(0.0338) == pytest.approx(14.7, abs=0.02)
    assert [peak_signal_to_noise(error) for error in (None, 0.0, math.inf, math.nan)] == [None] * 4
