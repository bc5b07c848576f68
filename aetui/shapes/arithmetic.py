"""Output sizes along one axis, as PyTorch computes them.

Names follow Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (arXiv 1603.07285):
input i, kernel k, stride s, padding p on both sides, dilation d, output padding op.
"""


def effective_kernel(k: int, d: int) -> int:
    """Input positions from the first to the last tap of a dilated kernel: d (k - 1) + 1."""
    return d * (k - 1) + 1


def conv_output(i: int, k: int, s: int, p: int, d: int) -> int:
    """o = floor((i + 2p - d(k-1) - 1) / s) + 1: `torch.nn.Conv2d`, section "Shape". Below 1: no fit."""
    return (i + 2 * p - effective_kernel(k, d)) // s + 1


def conv_transpose_output(i: int, k: int, s: int, p: int, d: int, op: int) -> int:
    """o = (i-1)s - 2p + d(k-1) + op + 1: `torch.nn.ConvTranspose2d`, section "Shape"."""
    return (i - 1) * s - 2 * p + effective_kernel(k, d) + op


def pool_output(i: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """As a convolution; with `ceil_mode` the quotient is rounded up.

    A last window that would start in the right padding is dropped: `torch.nn.MaxPool2d`, note on ceil_mode.
    """
    o = (i + 2 * p - effective_kernel(k, d) + (s - 1 if ceil_mode else 0)) // s + 1
    if ceil_mode and (o - 1) * s >= i + p:
        o -= 1
    return o


def unused(i: int, k: int, s: int, p: int, d: int, o: int) -> int:
    """The last positions of the padded input that no window reaches."""
    return max(0, i + 2 * p - effective_kernel(k, d) - (o - 1) * s)


def reached(i: int, k: int, s: int, p: int, d: int, o: int) -> int:
    """How many of i positions lie under one of o windows, the holes of a dilated kernel included.

    The windows are those of a convolution over i positions, or of a transposed one that makes i positions
    from o: both begin at -p and step by s.
    """
    kernel = effective_kernel(k, d)
    shown = min(s, kernel)

    def up_to(n: int) -> int:
        return n // s * shown + min(n % s, shown)

    return max(0, up_to(min(p + i, (o - 1) * s + kernel)) - up_to(p))
