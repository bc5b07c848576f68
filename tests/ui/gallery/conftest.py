"""The gallery without the process that reads its images."""

import pytest
from gallery_app import fake_samples, gallery_in


@pytest.fixture
def fake(monkeypatch):
    """The gallery's images without a process that reads them."""
    return fake_samples(monkeypatch)


@pytest.fixture
def gallery(tmp_path, monkeypatch):
    """Opens the gallery at a size."""
    monkeypatch.chdir(tmp_path)
    return gallery_in(tmp_path)
