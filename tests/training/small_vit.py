"""Changes that make `shapes-vit-mae` train in a moment."""

SMALL_VIT = (
    "model.vit.width=24",
    "model.vit.depth=1",
    "model.vit.decoder_width=16",
    "model.vit.decoder_depth=1",
)
