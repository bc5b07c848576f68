"""The scripted https server, and a folder of images, for every test of the data room."""

from https_server import server, source
from image_folders import images

__all__ = ["images", "server", "source"]
