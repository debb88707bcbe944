"""What every test may use."""

import pytest

from tests.faults.report import pytest_terminal_summary

__all__ = ["anyio_backend", "pytest_terminal_summary"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutines under test run on asyncio, as the server does."""
    return "asyncio"
