"""How good images are that come back, in numbers that people compare: the error in pixels as a ratio."""

import math

from aetui.runs.events import EpochFinished

SQUARED_ERROR = "MSE per"
"""How the name of a loss begins that is the mean squared error of pixels in [0, 1]."""


def squared_error(epoch: EpochFinished, loss: str) -> float | None:
    """The mean squared error of tested pixels in a run whose loss has this name; None for classifiers."""
    if epoch.test_pixels is not None:
        return epoch.test_pixels
    return epoch.test_loss if loss.startswith(SQUARED_ERROR) else None


def peak_signal_to_noise(error: float | None) -> float | None:
    """PSNR in dB of a mean squared error of pixels in [0, 1]: 10 log10(1 / error); None where it has none."""
    return -10 * math.log10(error) if error is not None and 0 < error < math.inf else None


def compared(loss: float, baseline: tuple[str, float] | None) -> str:
    """How a loss stands to a baseline, in words: `38% below PCA-3`; empty without one."""
    if baseline is None or not baseline[1] > 0 or not math.isfinite(loss):
        return ""
    share = loss / baseline[1] - 1
    return f"{abs(share):.0%} {'below' if share < 0 else 'above'} {baseline[0]}"
