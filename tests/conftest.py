"""Things every room's tests share."""

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
"""Real data sets beside the checkout, where there are any."""


@pytest.fixture
def real_data() -> Path:
    """The folder with the real MNIST, or a skip."""
    if not (SHARED_DATA / "MNIST" / "raw").is_dir():
        pytest.skip(f"no real data in {SHARED_DATA}")
    return SHARED_DATA
