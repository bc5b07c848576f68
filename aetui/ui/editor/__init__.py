"""The settings of a preset, changed before a run is started with them."""
