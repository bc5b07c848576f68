"""Sizes of masked autoencoders built from vision transformers: checks, parameters and MACs in closed form.

The model is that of He et al., "Masked Autoencoders Are Scalable Vision Learners" (arXiv 2111.06377),
written in `aetui.models.vit_mae`: patches of p x p pixels and C channels, L of them, V visible; an encoder
of width d over V + 1 tokens and a decoder of width e over L + 1 tokens, one token of each being the class
token.
"""

from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple

from aetui.errors import UsageError
from aetui.shapes.chain import MAX_LAYERS, MAX_PARAMETERS
from aetui.shapes.patches import check_mask_ratio, patch_grid, some, visible_patches
from aetui.shapes.sizes import Size, out_of_bounds

Pool = Literal["features", "mean", "class"]
"""What a classifier reads of a vision transformer: `FinetuneSection.pool`."""
MLP_RATIO = 4
"""Width of a block's hidden layer over the block's own width, in every published size."""


@dataclass(frozen=True)
class VitSize:
    """Width of the tokens, depth in blocks, heads of the attention."""

    width: int
    depth: int
    heads: int

    def check(self, part: str) -> None:
        """Raise `UsageError` naming `part` ("encoder", "decoder") and the numbers that cannot be."""
        if min(self.width, self.depth, self.heads) < 1:
            raise UsageError(
                f"{part}: width {self.width}, depth {self.depth}, heads {self.heads}",
                "each must be at least 1",
            )
        if self.depth > MAX_LAYERS:
            raise UsageError(f"{part}: {self.depth:,} blocks are too many", f"use at most {MAX_LAYERS:,}")
        if self.width % 4:
            near = max(4, self.width // 4 * 4)
            raise UsageError(
                f"{part}: width {self.width} is not a multiple of 4",
                f"2-d sine-cosine positions need sine and cosine of row and column: use {near} or {near + 4}",
            )
        if self.width % self.heads:
            fitting = [n for n in range(1, min(self.width, 256) + 1) if self.width % n == 0]
            raise UsageError(
                f"{part}: {self.heads} heads do not divide the width {self.width}",
                f"heads that do: {some(fitting)}",
            )

    @property
    def block_parameters(self) -> int:
        """Numbers in one block: 12 d^2 in four linear layers, 9 d in their biases, 4 d in two norms."""
        return 12 * self.width**2 + 13 * self.width

    def block_macs(self, tokens: int) -> int:
        """12 T d^2 in the linear layers and 2 T^2 d in the attention, over T tokens."""
        return 12 * tokens * self.width**2 + 2 * tokens**2 * self.width


SIZES = {
    "tiny": VitSize(192, 12, 3),  # DeiT-Ti: Touvron et al., arXiv 2012.12877, table 1
    "small": VitSize(384, 12, 6),  # DeiT-S: the same table
    "base": VitSize(768, 12, 12),  # ViT-Base: Dosovitskiy et al., arXiv 2010.11929, table 1
    "large": VitSize(1024, 24, 16),  # ViT-Large: the same table
    "huge": VitSize(1280, 32, 16),  # ViT-Huge: the same table
}

MAE_DECODER = VitSize(512, 8, 16)
"""The published masked autoencoders' decoder: He et al., section 4.1; heads from facebookresearch/mae."""


@dataclass(frozen=True)
class VitMaeShape:
    """Every number that decides the shapes of a ViT masked autoencoder; `image` is (C, H, W).

    Making one raises `UsageError` with the numbers, before any memory is taken, when the patch does not
    divide the image, the mask ratio leaves no visible or no hidden patch, or a width or its heads cannot
    be.
    """

    image: Size
    patch: int
    encoder: VitSize
    decoder: VitSize
    mask_ratio: float = 0.75

    def __post_init__(self) -> None:
        rows, columns = patch_grid(self.image, self.patch)
        check_mask_ratio(rows * columns, self.mask_ratio)
        for part, size in (("encoder", self.encoder), ("decoder", self.decoder)):
            size.check(part)
            if reason := out_of_bounds((size.width, self.patches + 1)):
                raise UsageError(
                    f"{part}: width {size.width:,} for {self.patches:,} patches: {reason}",
                    "use larger patches",
                )
        if self.parameters > MAX_PARAMETERS:
            raise UsageError(
                f"the model has {self.parameters:,} parameters", f"at most {MAX_PARAMETERS:,} are computed"
            )

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return patch_grid(self.image, self.patch)

    @property
    def patches(self) -> int:
        """L, the patches of an image."""
        return prod(self.grid)

    @property
    def visible(self) -> int:
        """V, the patches that the encoder sees."""
        return visible_patches(self.patches, self.mask_ratio)

    @property
    def patch_numbers(self) -> int:
        """p p C, the numbers in a patch."""
        return self.patch**2 * self.image[0]

    @property
    def parameters(self) -> int:
        """Numbers that training changes; the positions are fixed and do not count."""
        encoder, decoder, numbers = self.encoder, self.decoder, self.patch_numbers
        embedding = numbers * encoder.width + encoder.width + encoder.width  # weight, bias, class token
        encoding = encoder.depth * encoder.block_parameters + 2 * encoder.width
        bridge = encoder.width * decoder.width + decoder.width + decoder.width  # weight, bias, mask token
        decoding = decoder.depth * decoder.block_parameters + 2 * decoder.width
        return embedding + encoding + bridge + decoding + decoder.width * numbers + numbers

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image forward: matrix products only, as in torch's FlopCounterMode."""
        encoder, decoder, numbers = self.encoder, self.decoder, self.patch_numbers
        seen, restored = self.visible + 1, self.patches + 1
        embedding = self.patches * numbers * encoder.width
        encoding = encoder.depth * encoder.block_macs(seen)
        bridge = seen * encoder.width * decoder.width
        decoding = decoder.depth * decoder.block_macs(restored)
        return embedding + encoding + bridge + decoding + restored * decoder.width * numbers


class PixelUnits(NamedTuple):
    """What a network computes with: pixels in [0, 1] less a mean, over a standard deviation, by channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


PIXEL_UNITS = {
    "unit": PixelUnits((0.0,), (1.0,)),
    "imagenet": PixelUnits((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "cifar10": PixelUnits((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "mnist": PixelUnits((0.1307,), (0.3081,)),
    "fashion-mnist": PixelUnits((0.2860,), (0.3530,)),
    "digits": PixelUnits((0.1341,), (0.3074,)),
    "shapes": PixelUnits((0.4526, 0.4523, 0.4525), (0.2737, 0.2731, 0.2731)),
}
"""Of the training images of each set. ImageNet's as in `main_pretrain.py` of facebookresearch/mae; of `unit`
every channel is as it is."""


def check_norm_pix(image: Size, patch: int) -> None:
    """Raise `UsageError` when a patch holds one number: it has no standard deviation to normalise by."""
    if patch**2 * image[0] < 2:
        raise UsageError(
            f"norm_pix: a patch of {patch}x{patch} pixels and {image[0]} channel has no deviation",
            "use larger patches or leave norm_pix out",
        )
