"""The values of `--images`: how pictures are to be drawn."""

from typing import Literal, get_args

ImagesOption = Literal["auto", "half", "ascii", "sixel", "kitty", "off"]
IMAGES_OPTIONS: tuple[ImagesOption, ...] = get_args(ImagesOption)
