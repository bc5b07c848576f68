"""The scripted https server for every test of the data room."""

from https_server import server, source

__all__ = ["server", "source"]
