"""The first screen: presets to start and runs to come back to."""
