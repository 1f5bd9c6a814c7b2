"""SIGKILL at random moments loses nothing, doubles nothing and leaves no process."""

from pathlib import Path

import pytest

from benchmarks import kill_asking
from benchmarks.kill import sweep


@pytest.mark.slow
def test_killed_and_resumed_equals_undisturbed(tmp_path: Path) -> None:
    found = sweep(3, tmp_path, seed=7)
    assert found.kills == 3
    assert found.differing == []
    assert found.left == 0
    assert found.replies == found.replies_undisturbed


@pytest.mark.slow
def test_a_kill_costs_no_more_questions_than_were_in_flight(tmp_path: Path) -> None:
    found = kill_asking.sweep(5, tmp_path, seed=7, count=120)
    assert len(found.repeated) == 5
    assert max(found.repeated) <= kill_asking.IN_FLIGHT
    assert found.requests > 300
    assert found.differing == []
    assert found.left == 0
