"""Fixed positions of patches on a grid."""

import torch
from torch import Tensor


def sine_cosine_positions(rows: int, columns: int, width: int) -> Tensor:
    """Positions (1, 1 + rows columns, width), float32, of a class token and of patches counted row by row.

    The class token's are 0. A quarter of a patch's width each: sine and cosine of its column, sine and
    cosine of its row, at angles x 10000^(-i / (width / 4)): Vaswani et al. (arXiv 1706.03762), section 3.5,
    in two dimensions. The column comes first because it does in the published weights of
    facebookresearch/mae.
    """
    quarter = width // 4
    frequencies = 10_000.0 ** (-torch.arange(quarter, dtype=torch.float64) / quarter)
    column_angles = torch.arange(columns).repeat(rows)[:, None] * frequencies
    row_angles = torch.arange(rows).repeat_interleave(columns)[:, None] * frequencies
    waves = [column_angles.sin(), column_angles.cos(), row_angles.sin(), row_angles.cos()]
    patches = torch.cat(waves, dim=1).float()
    return torch.cat([torch.zeros(1, width), patches])[None]
