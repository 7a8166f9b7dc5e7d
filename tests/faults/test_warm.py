"""Programs that part from a process which has read the product in: begun, asked and ended like any other."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from faults import warm
from tools import layout
from tools.progress import end

WAITS = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "0"]


@pytest.fixture(autouse=True)
def _reads_nothing_in(monkeypatch: pytest.MonkeyPatch):
    """The product is not what these begin."""
    warm._SERVER.set_forkserver_preload([])


def test_it_is_given_its_arguments_and_an_environment_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FENGXING_LEFT_HERE", "1")
    command = [sys.executable, "-m", "tests.faults.telling", "0", "--seed", "7"]
    done = warm.run(command, {"A": "b"}, tmp_path, timeout=None)
    told = json.loads(done.stdout)
    assert (told["more"], told["cwd"]) == (["--seed", "7"], str(layout.ROOT))
    assert told["env"]["A"] == "b"
    assert "FENGXING_LEFT_HERE" not in told["env"]


def test_its_exit_code_and_its_complaints_are_kept(tmp_path: Path):
    done = warm.run([sys.executable, "-m", "tests.faults.telling", "3"], {}, tmp_path, timeout=None)
    assert (done.returncode, done.stderr) == (3, "and complained\n")


def test_what_it_says_is_added_to_the_log(tmp_path: Path):
    log = tmp_path / "log"
    log.write_text("before\n", "utf-8")
    assert warm.begin([sys.executable, "-m", "tests.faults.telling", "0"], {}, log).wait() == 0
    assert log.read_text("utf-8").startswith("before\n{")


def test_it_runs_until_it_is_ended(tmp_path: Path):
    program = warm.begin(WAITS, {}, tmp_path / "log")
    assert program.poll() is None
    end(program)
    assert program.poll() == -signal.SIGTERM


def test_it_can_be_killed(tmp_path: Path):
    program = warm.begin(WAITS, {}, tmp_path / "log")
    program.kill()
    assert program.wait() == -signal.SIGKILL


def test_one_that_takes_too_long_is_given_up_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    begun, real = list[warm.Running](), warm.Running
    monkeypatch.setattr(warm, "Running", lambda *given: begun.append(real(*given)) or begun[-1])
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(WAITS, {}, tmp_path, timeout=0.01)
    assert begun[0].wait() == -signal.SIGKILL


def test_what_has_to_be_there_from_the_beginning_begins_as_a_command(tmp_path: Path):
    program = warm.begin(WAITS, {"LD_PRELOAD": ""}, tmp_path / "log")
    assert isinstance(program, subprocess.Popen)
    end(program)
