"""The sections of a preset that say what the model is and what it is given."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from aetui.config.section import Section
from aetui.shapes.chain import MAX_LAYERS
from aetui.shapes.sizes import MAX_NUMBER
from aetui.shapes.vit import MAE_DECODER, SIZES, Pool, VitSize

MOST_LAYERS = 1000
Layers = Annotated[list[str], Field(min_length=1, max_length=MOST_LAYERS)]
Width = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
"""Numbers a token; also the bound of heads."""
Depth = Annotated[int, Field(ge=1, le=MAX_LAYERS)]
"""Blocks."""
PixelsName = Literal["unit", "imagenet", "cifar10", "mnist", "fashion-mnist", "digits", "shapes"]


class VitSection(Section):
    """A vision transformer as masked autoencoder: He et al., arXiv 2111.06377."""

    size: Literal["tiny", "small", "base", "large", "huge"] | None = None
    """Width, depth and heads of the encoder by the name they are published under (`shapes.vit.SIZES`)."""
    width: Width | None = None
    """Numbers a token in the encoder, a multiple of 4; overrides that of `size`."""
    depth: Depth | None = None
    """Blocks of the encoder; overrides that of `size`."""
    heads: Width | None = None
    """Heads of the encoder's attention, a divisor of its width; overrides those of `size`."""
    decoder_width: Width = MAE_DECODER.width
    """Numbers a token in the decoder, a multiple of 4."""
    decoder_depth: Depth = MAE_DECODER.depth
    """Blocks of the decoder."""
    decoder_heads: Width = MAE_DECODER.heads
    """Heads of the decoder's attention, a divisor of its width."""
    norm_pix: bool = False
    """Train on each patch less its mean, over its standard deviation, instead of on pixels in [0, 1]."""
    pixels: PixelsName = "unit"
    """The units that the network is given and learns to return: `unit`, pixels in [0, 1]; otherwise pixels
    less the mean and over the deviation of this set's training images, by channel (`shapes.vit.PIXEL_UNITS`).
    Weights published for ImageNet want `imagenet`. Figures and pictures stay in [0, 1]."""

    @model_validator(mode="before")
    @classmethod
    def _older_name(cls, given: Any) -> Any:
        """Read `imagenet_pixels`, as `pixels` was called at first."""
        if not isinstance(given, dict) or not isinstance(given.get("imagenet_pixels"), bool):
            return given
        units = {"pixels": "imagenet" if given["imagenet_pixels"] else "unit"}
        return units | {key: value for key, value in given.items() if key != "imagenet_pixels"}

    @property
    def missing(self) -> tuple[str, ...]:
        """Those of width, depth and heads that neither a key nor `size` gives."""
        named = self.size is not None
        return tuple(key for key in ("width", "depth", "heads") if not named and getattr(self, key) is None)

    @property
    def encoder(self) -> VitSize:
        """The encoder of a section where nothing is missing."""
        named = SIZES[self.size] if self.size else VitSize(0, 0, 0)
        return VitSize(self.width or named.width, self.depth or named.depth, self.heads or named.heads)

    @property
    def decoder(self) -> VitSize:
        return VitSize(self.decoder_width, self.decoder_depth, self.decoder_heads)


class ModelSection(Section):
    """Which model: an encoder and a decoder in the layer language, or a vision transformer."""

    kind: Literal["autoencoder", "mae", "classifier"] = "autoencoder"
    """`autoencoder` sees whole images; `mae`, a masked autoencoder, only the patches that `[mask]` leaves;
    `classifier` tells classes apart with the encoder of the mae that all other keys describe."""
    encoder: Layers | None = None
    """From the images to the latent code."""
    decoder: Layers | Literal["mirror"] | None = None
    """From the latent code back to the images; `mirror` undoes the encoder layer by layer."""
    vit: VitSection | None = None
    """For `mae` and `classifier`, in the place of encoder and decoder."""


class MaskSection(Section):
    """Which patches of an image a masked autoencoder is not shown; drawn anew each time it is trained on."""

    ratio: float = Field(default=0.75, ge=0, lt=1)
    """Share of the patches that are hidden; 0, for layers alone, is a plain autoencoder."""
    patch: int = Field(default=4, ge=1, le=MAX_NUMBER)
    """Height and width of a patch in pixels, a divisor of the image's."""


class FinetuneSection(Section):
    """Where a classifier's encoder comes from."""

    from_checkpoint: str = ""
    """A checkpoint of a run of the same mae, read when the classifier starts; `~` is the home folder. Empty:
    from scratch, with the first weights of the seed."""
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """The learning rate of a transformer's block over that of the next one, the head having the whole: Clark
    et al., arXiv 2003.10555. He et al., arXiv 2111.06377, fine-tune with 0.75; 1 is the same for all."""
    drop_path: float = Field(default=0.0, ge=0, lt=1)
    """Probability that an image skips a transformer's last block, less for those before: Huang et al., arXiv
    1603.09382. He et al. use 0.1."""
    pool: Pool = "features"
    """What the head of a vision transformer reads: the `features` of a probe, which are the mean of the
    encoded patches behind the encoder's norm, through a second norm; their `mean` before it, through a norm
    of its own, as facebookresearch/mae fine-tunes; or the `class` token behind the encoder's norm."""
    rand_augment: int = Field(default=0, ge=0, le=30)
    """Magnitude of RandAugment's two operations: Cubuk et al., arXiv 1909.13719. He et al. use 9; 0 is off.
    Eight images of a batch share the operations."""
    erasing: float = Field(default=0.0, ge=0, le=1)
    """Probability that a box of the image is filled with noise: Zhong et al., arXiv 1708.04896.
    facebookresearch/mae fine-tunes with 0.25."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Part of the target that is spread over all classes: Szegedy et al., arXiv 1512.00567. He et al. use
    0.1."""
    mixup: float = Field(default=0.0, ge=0, le=100)
    """Alpha of the Beta distribution that two images are mixed by: Zhang et al., arXiv 1710.09412. He et al.
    use 0.8 over 100 epochs; 0 mixes none."""
    cutmix: float = Field(default=0.0, ge=0, le=100)
    """Alpha of that of the box which another image fills: Yun et al., arXiv 1905.04899. He et al. use 1.0.
    With `mixup` too, a coin decides batch by batch."""

    @property
    def of_transformers(self) -> tuple[str, ...]:
        """Those of its keys that are set and mean something for the blocks of a vision transformer alone."""
        set_to = {
            "layer_decay": self.layer_decay < 1,
            "drop_path": self.drop_path > 0,
            "pool": self.pool != "features",
        }
        return tuple(key for key, used in set_to.items() if used)


class NoiseSection(Section):
    """Noise added to what the model is given; the target stays the clean image."""

    std: float = Field(gt=0, le=10)
    """Standard deviation of the Gaussian noise, in units of the pixel range [0, 1]."""
