"""The schema of a preset: one frozen model a TOML section, each field with its unit and bounds.

Pydantic checks types and ranges and reports every mistake at once; `aetui.config.checks` adds what
needs more than one key, such as layers that do not fit together.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

DataName = Literal["mnist", "fashion-mnist", "cifar10", "folder", "digits", "shapes"]

IMAGE_SIZES = {
    "mnist": "1x28x28",
    "fashion-mnist": "1x28x28",
    "cifar10": "3x32x32",
    "digits": "1x28x28",
    "shapes": "3x32x32",
}
"""Channels x height x width of the images of every set but `folder`, whose presets declare it."""

MOST_LAYERS = 1000
Layers = Annotated[list[str], Field(min_length=1, max_length=MOST_LAYERS)]


class Section(BaseModel):
    """A TOML table: unknown keys are refused and a value of the wrong type is not converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DataSection(Section):
    """Which images."""

    name: DataName
    path: str = ""
    """For `folder`: the folder of images; `~` is the home folder."""
    size: str = ""
    """For `folder`: channels x height x width that every image is converted, resized and cropped to."""
    test_share: float = Field(default=0.1, gt=0, lt=1)
    """For `folder` without `test/`: the share of the images set aside as the test set."""


class ModelSection(Section):
    """Which model, in the layer language."""

    kind: Literal["autoencoder"] = "autoencoder"
    encoder: Layers
    decoder: Layers | Literal["mirror"]


class NoiseSection(Section):
    """Noise added to what the model is given; the target stays the clean image."""

    std: float = Field(gt=0, le=10)
    """Standard deviation of the Gaussian noise, in units of the pixel range [0, 1]."""


class TrainSection(Section):
    """How it is trained: Adam (Kingma & Ba, arXiv 1412.6980) on the mean squared error per pixel."""

    epochs: int = Field(default=10, ge=1, le=100_000)
    batch_size: int = Field(default=64, ge=1, le=1_000_000)
    learning_rate: float = Field(default=1e-3, gt=0, le=1e9)
    seed: int = Field(default=0, ge=0, lt=2**32)
    precision: Literal["float32", "bf16"] = "float32"
    """`bf16` runs the model under autocast on GPUs that have it; the weights stay float32."""
    keep_checkpoints: int = Field(default=3, ge=1, le=1000)
    """How many of the newest checkpoints are kept, besides the best one."""


class Preset(Section):
    """One experiment."""

    name: str = Field(default="", max_length=100)
    """What runs are called after; the file's own name when left out."""
    data: DataSection
    model: ModelSection
    noise: NoiseSection | None = None
    train: TrainSection = TrainSection()

    @property
    def image_size(self) -> str:
        """Channels x height x width of the images, as text in the size language."""
        return IMAGE_SIZES.get(self.data.name, self.data.size)
