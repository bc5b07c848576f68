"""What rank 0 has the other ranks do; nothing else moves them."""

from dataclasses import dataclass
from typing import Literal

from aetui.config.preset import Preset
from aetui.errors import EXIT_DONE

TestSet = Literal["test", "uncropped"]
"""Which images are tested, by their name in a `Replica`."""
FeatureSet = Literal["train", "test"]
"""Which are looked at for a probe."""


@dataclass(frozen=True)
class Begin:
    """Make a replica: the same model, at the same step."""

    preset: Preset
    data_dir: str
    device: str
    """What rank 0 has: "cpu" or "cuda"."""
    threads: int | None
    images: dict[str, str]
    """Sums over the data, which must be the same everywhere."""
    state: bytes
    """Weights and optimizer, as `torch.save` writes them."""
    channels_last: bool
    """Whether the weights of convolutions lie in memory as (out, height, width, in)."""
    bf16: bool
    repeatable: bool
    """Whether deterministic algorithms alone are used."""


@dataclass(frozen=True)
class Steps:
    """Train on so many batches, from this one of this epoch on."""

    count: int
    epoch: int
    """Epochs finished."""
    batch: int
    """Batches of the unfinished epoch that are done."""
    step: int


@dataclass(frozen=True)
class Change:
    """A setting is another from the next step on: `section.key=value`."""

    change: str


@dataclass(frozen=True)
class TestBatches:
    """Test one batch each, the first rank this one."""

    of: TestSet
    first: int


@dataclass(frozen=True)
class FeatureBatches:
    """Compute the features of one batch each, the first rank of this one, of at most so many images."""

    of: FeatureSet
    most: int
    first: int


@dataclass(frozen=True)
class PutTogether:
    """Have whole weights, of which each rank has a share."""


@dataclass(frozen=True)
class GiveState:
    """Give rank 0 this rank's share of all that a checkpoint keeps."""


@dataclass(frozen=True)
class HandIn:
    """Send what was found since the last such order."""


@dataclass(frozen=True)
class End:
    """There is no more to do."""

    code: int = EXIT_DONE
    """With which rank 0 will exit."""


Order = Begin | Steps | Change | TestBatches | FeatureBatches | PutTogether | GiveState | HandIn | End
