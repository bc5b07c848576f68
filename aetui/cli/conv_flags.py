"""The options of `aetui conv` that describe one layer."""

FLAGS = {
    "kernel": "-k",
    "stride": "-s",
    "padding": "-p",
    "dilation": "-d",
    "output_padding": "--output-padding",
    "transposed": "--transposed",
    "out": "--out",
    "groups": "--groups",
}
"""By the name of what they set in the parsed options."""
