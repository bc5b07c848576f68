"""How alike two images look: the structural similarity.

Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE Transactions on
Image Processing 13 (2004), doi:10.1109/TIP.2003.819861, with the window and the constants given there.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

WINDOW = 11
"""Height and width of the window in pixels."""
DEVIATION = 1.5
"""Of the Gaussian in it, in pixels."""
C1, C2 = 0.01**2, 0.03**2
"""(K1 L)^2 and (K2 L)^2 for pixels in a range L of 1."""


def structural_similarity(images: Tensor, others: Tensor) -> Tensor | None:
    """Of pairs of images (B, C, H, W) in [0, 1], averaged over channels and windows: (B,), 1 for equal ones.

    Only whole windows count; None where an image is smaller than one.
    """
    if min(images.shape[2:]) < WINDOW:
        return None
    products = torch.cat([images, others, images * images, others * others, images * others])
    rows, columns = (_windows(length, images) for length in images.shape[2:])
    mean, other_mean, square, other_square, product = (rows @ products @ columns.T).chunk(5)
    variances = square - mean.square() + other_square - other_mean.square()
    covariance = product - mean * other_mean
    alike = (2 * mean * other_mean + C1) * (2 * covariance + C2)
    return (alike / ((mean.square() + other_mean.square() + C1) * (variances + C2))).flatten(1).mean(1)


def _windows(length: int, like: Tensor) -> Tensor:
    """The weights of every place of the window along a line of pixels: (places, length), each row's sum 1."""
    offsets = torch.arange(WINDOW, dtype=like.dtype, device=like.device) - WINDOW // 2
    weights = (offsets.square() / (-2 * DEVIATION**2)).exp()
    places = length - WINDOW + 1
    shifted = [F.pad(weights / weights.sum(), (at, places - 1 - at)) for at in range(places)]
    return torch.stack(shifted)
