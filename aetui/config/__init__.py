"""Presets: schema, TOML, validation, paths."""
