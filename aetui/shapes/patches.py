"""Images cut into square patches, and how many of them a mask leaves visible."""

from aetui.errors import UsageError
from aetui.shapes.sizes import Size, format_size, out_of_bounds


def patch_grid(image: Size, patch: int) -> tuple[int, int]:
    """Rows and columns of square patches of `patch` pixels that tile an image (C, H, W).

    Raises `UsageError` for what is no image and for a patch that does not divide its height and width.
    """
    if len(image) != 3:
        raise UsageError(
            f"{format_size(image)} is no image", "masking needs channels x height x width: 3x32x32"
        )
    if reason := out_of_bounds(image):
        raise UsageError(f"image {format_size(image)}: {reason}", "use a smaller image")
    _, height, width = image
    if patch < 1 or height % patch or width % patch:
        fitting = [n for n in range(1, min(height, width) + 1) if not height % n and not width % n]
        raise UsageError(
            f"patch {patch} does not divide the image {height}x{width}", f"patches that do: {some(fitting)}"
        )
    return height // patch, width // patch


def visible_patches(patches: int, ratio: float) -> int:
    """int(patches (1 - ratio)), rounded down: `len_keep` of facebookresearch/mae, `random_masking`."""
    return int(patches * (1 - ratio))


def check_mask_ratio(patches: int, ratio: float, zero_allowed: bool = False) -> None:
    """Raise `UsageError` unless `ratio`, in (0, 1), leaves both a visible and a hidden one of the patches.

    With `zero_allowed` 0 is a ratio as well: nothing is hidden, the plain autoencoder.
    """
    if zero_allowed and ratio == 0:
        return
    if not 0 < ratio < 1:
        bounds = "from 0 to below 1" if zero_allowed else "between 0 and 1"
        raise UsageError(f"mask ratio {ratio:g} is not {bounds}", "0.75 hides three of four patches")
    visible = visible_patches(patches, ratio)
    if visible == 0:
        raise UsageError(
            f"mask ratio {ratio:g} leaves no visible patch of {patches:,}",
            "use a smaller ratio or smaller patches",
        )
    if visible == patches:
        raise UsageError(f"mask ratio {ratio:g} leaves no hidden patch of {patches:,}", "use a larger ratio")


def some(numbers: list[int], most: int = 12) -> str:
    """The numbers as a list for people; of many only the first."""
    return ", ".join(map(str, numbers[:most])) + (", …" if len(numbers) > most else "")
