"""Things every room's tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True)
"""CI tries the same examples each time; people's runs look for new ones."""
if os.environ.get("CI"):
    settings.load_profile("ci")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
"""Real data sets beside the checkout, where there are any."""


@pytest.fixture
def real_data() -> Path:
    """The folder with the real MNIST, or a skip."""
    if not (SHARED_DATA / "MNIST" / "raw").is_dir():
        pytest.skip(f"no real data in {SHARED_DATA}")
    return SHARED_DATA
