"""Steps that take long are shown; what failed says so with the end of its output."""

import io
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tools import progress


class _Shown(threading.Event):
    def far(self) -> str:
        """Asked for the line that is about to be shown."""
        self.set()
        return ""


def _at_once(monkeypatch: pytest.MonkeyPatch) -> _Shown:
    """Steps are shown at once, and take no time."""
    monkeypatch.setattr(progress, "SHOWN_AFTER_S", 0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: 7.0)
    return _Shown()


def test_a_quick_step_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Progress("counting"):
        pass
    assert capsys.readouterr().out == ""


def test_a_slow_step_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown = _at_once(monkeypatch)
    with progress.Progress("counting", far=shown.far):
        assert shown.wait(60)
    said = capsys.readouterr().out
    assert said.startswith("counting ... 0 s\n")
    assert said.endswith("counting: done after 0 s\n")


def test_redirected_output_does_not_swallow_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = _at_once(monkeypatch)
    with progress.Progress("counting", far=shown.far):
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        assert shown.wait(60)
    monkeypatch.undo()
    assert "counting: done" in capsys.readouterr().out


def test_a_failing_step_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    log = tmp_path / "log" / "step.log"
    script = "import sys; print('first'); print('the reason'); sys.exit(3)"
    with pytest.raises(progress.StepFailed) as caught:
        progress.run("doing it", [sys.executable, "-c", script], log=log, cwd=tmp_path)
    assert str(caught.value).splitlines() == [
        f"failed: doing it (all of it: {log})",
        "  | first",
        "  | the reason",
    ]
    assert log.read_text() == "first\nthe reason\n"


def test_a_step_that_hangs_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(progress.StepFailed):
        progress.run("hanging", ["sleep", "60"], log=tmp_path / "log", cwd=tmp_path, timeout_s=0.2)
    assert time.monotonic() - began < 30


def test_refusals_are_one_line_without_a_trace() -> None:
    script = "from tools import progress\ndef main():\n    raise progress.Refused('no such luck')\nprogress.start(main)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "no such luck\n")
