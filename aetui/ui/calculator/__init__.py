"""The shape calculator: a size and layers in one line, the sizes and costs of every layer, windows drawn."""
