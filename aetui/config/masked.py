"""The masked autoencoder of a preset: its patches, its vision transformer, and what is wrong with them."""

from collections.abc import Iterator
from math import prod

from aetui.config.model import MaskSection, VitSection
from aetui.config.preset import Preset
from aetui.config.problems import Finding
from aetui.errors import UsageError
from aetui.shapes.patches import check_mask_ratio, patch_grid
from aetui.shapes.sizes import Size, parse_size
from aetui.shapes.vit import PIXEL_UNITS, VitMaeShape, check_norm_pix


def vit_shape(preset: Preset) -> VitMaeShape:
    """The sizes of a checked preset's vision transformer."""
    vit, mask = preset.model.vit, preset.mask
    assert vit is not None
    assert mask is not None
    return VitMaeShape(parse_size(preset.image_size), mask.patch, vit.encoder, vit.decoder, mask.ratio)


def mask_mistakes(image: Size, mask: MaskSection, zero_allowed: bool) -> Iterator[Finding]:
    """A patch that does not divide the image, a ratio that leaves no visible or no hidden one."""
    try:
        patches = prod(patch_grid(image, mask.patch))
    except UsageError as error:
        yield "mask.patch", error.sentence
        return
    try:
        check_mask_ratio(patches, mask.ratio, zero_allowed)
    except UsageError as error:
        yield "mask.ratio", error.sentence


def vit_mistakes(vit: VitSection) -> Iterator[Finding]:
    """Sizes that are missing or cannot be."""
    for key in vit.missing:
        yield f"model.vit.{key}", 'missing: give width, depth and heads, or a size such as size = "tiny"'
    parts = (("encoder", ""), ("decoder", "decoder_"))
    for part, prefix in parts[1:] if vit.missing else parts:
        size = getattr(vit, part)
        try:
            size.check(part)
        except UsageError as error:
            heads = size.width % 4 == 0 and f"{prefix}heads" in vit.model_fields_set
            yield f"model.vit.{prefix}{'heads' if heads else 'width'}", error.sentence


def whole_mistakes(preset: Preset, vit: VitSection, mask: MaskSection) -> Iterator[Finding]:
    """What only the patches and the sizes, good each for itself, show together."""
    if vit.norm_pix:
        try:
            check_norm_pix(parse_size(preset.image_size), mask.patch)
        except UsageError as error:
            yield "model.vit.norm_pix", error.sentence
    channels = parse_size(preset.image_size)[0]
    of_set = len(PIXEL_UNITS[vit.pixels].mean)
    if of_set not in (1, channels):
        yield (
            "model.vit.pixels",
            f"images of {vit.pixels} have {of_set} channels, these {channels}: choose another set",
        )
    try:
        vit_shape(preset)
    except UsageError as error:
        yield "model.vit", error.sentence
