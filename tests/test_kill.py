"""SIGKILL at random moments loses nothing, doubles nothing and leaves no process."""

from pathlib import Path

import pytest

from benchmarks.kill import sweep


@pytest.mark.slow
def test_killed_and_resumed_equals_undisturbed(tmp_path: Path) -> None:
    found = sweep(3, tmp_path, seed=7)
    assert found.kills == 3
    assert found.differing == []
    assert found.left == 0
    assert found.replies == found.replies_undisturbed
