"""The layer language and its arithmetic."""
