"""The schema of a preset: one frozen model a TOML section, each field with its unit and bounds.

Pydantic checks types and ranges and reports every mistake at once; `aetui.config.checks` adds what
needs more than one key, such as layers that do not fit together.
"""

from typing import Literal

from pydantic import Field

from aetui.config.model import FinetuneSection, MaskSection, ModelSection, NoiseSection
from aetui.config.section import Section
from aetui.config.train import AugmentSection, ProbeSection, TrainSection

DataName = Literal["mnist", "fashion-mnist", "cifar10", "folder", "shards", "digits", "shapes"]
OWN_IMAGES = ("folder", "shards")
"""Sets that are the user's own: presets say where they lie and what size they are."""

IMAGE_SIZES = {
    "mnist": "1x28x28",
    "fashion-mnist": "1x28x28",
    "cifar10": "3x32x32",
    "digits": "1x28x28",
    "shapes": "3x32x32",
}
"""Channels x height x width of the images of every set but `OWN_IMAGES`, whose presets declare it."""


class DataSection(Section):
    """Which images."""

    name: DataName
    path: str = ""
    """For `folder` and `shards`: the folder of images, or of tar files of them; `~` is the home folder."""
    size: str = ""
    """For these two: channels x height x width that every image is converted, resized and cropped to."""
    test_share: float = Field(default=0.1, gt=0, lt=1)
    """For these two without `test/`: the share of the images set aside as the test set."""
    abnormal: list[str] = Field(default=[], max_length=1000)
    """For these two: classes whose images the model is never trained on. Tested, they should have larger
    errors than the others, by which alone the best epoch is chosen."""
    validation_share: float = Field(default=0.0, ge=0, lt=1)
    """The share of the training images that the best epoch is chosen by, and no weight is learned from. The
    test images are looked at once then, at the end; at 0 they are tested after every epoch, and choose."""


MOST_STEERED = 100


class Steer(Section):
    """A setting that a run was told to have from a step on."""

    step: int = Field(ge=0, le=10**15)
    """Counted from 0: the first that has it."""
    change: str = Field(max_length=200)
    """As `--set` takes it."""


class Preset(Section):
    """One experiment."""

    name: str = Field(default="", max_length=100)
    """What runs are called after; the file's own name when left out."""
    data: DataSection
    model: ModelSection
    mask: MaskSection | None = None
    """Every `mae` has one and every `classifier`; no other model has."""
    finetune: FinetuneSection | None = None
    """Only a `classifier` has one; it starts from scratch without."""
    noise: NoiseSection | None = None
    augment: AugmentSection = AugmentSection()
    train: TrainSection = TrainSection()
    probe: ProbeSection = ProbeSection()
    steer: list[Steer] = Field(default=[], max_length=MOST_STEERED)
    """What was changed while the run trained; trained anew, it is changed at the same steps."""

    @property
    def image_size(self) -> str:
        """Channels x height x width of the images, as text in the size language."""
        return IMAGE_SIZES.get(self.data.name, self.data.size)
