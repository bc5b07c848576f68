"""How well the error of an image tells whether it is abnormal."""

import torch
from torch import Tensor

from aetui.runs.events import Detection

LARGEST = 1e30
"""An error beyond counts as this one."""


def detection(errors: Tensor, abnormal: Tensor) -> Detection:
    """Of the errors of images (N,), some of which are abnormal (N,), bool; there are images of both kinds.

    The area under the ROC curve is the probability that an abnormal image has the larger error, equal ones
    counted half (Hanley & McNeil, Radiology 143, 1982, doi:10.1148/radiology.143.1.7063747). The threshold
    lies where the share of abnormal images above it exceeds that of normal ones most (Youden, Cancer 3,
    1950), half way to the next error.
    """
    bounded = errors.double().nan_to_num(torch.inf).clamp(max=LARGEST)
    values, places = torch.unique(bounded, return_inverse=True)
    counts = [torch.bincount(places[kind], minlength=len(values)).double() for kind in (~abnormal, abnormal)]
    normal, other = (count / count.sum() for count in counts)  # the share of each kind that has this error
    below = normal.cumsum(0) - normal
    area = (other * (below + normal / 2)).sum()
    above = [1 - share.cumsum(0) for share in (normal, other)]
    best = int((above[1] - above[0]).argmax())
    next_value = values[min(best + 1, len(values) - 1)]
    return Detection(
        area=area.item(),
        threshold=((values[best] + next_value) / 2).item(),
        found=above[1][best].item(),
        false_alarms=above[0][best].item(),
    )
