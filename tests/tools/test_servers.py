"""A test server is believed only when it says that it is ready, and is ended when it does not."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import servers
from tools.progress import Refused


def _pretends(
    log: Path, says: str, begun: list[subprocess.Popen[bytes]], stays: bool
) -> Callable[[int], subprocess.Popen[bytes]]:
    def begin(port: int) -> subprocess.Popen[bytes]:
        log.write_text(f"port {port}\n")
        then = "sys.stdin.read()" if stays else "sys.exit(1)"
        script = f"import sys; open({str(log)!r}, 'a').write({says!r}); {then}"
        begun.append(subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE))
        return begun[-1]

    return begin


def test_a_server_that_says_it_is_ready_is_used(tmp_path: Path) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "server.log"
    port, process = servers._started(_pretends(log, "* Ready to accept connections", begun, stays=True), log)
    assert f"port {port}\n" in log.read_text()
    servers.end(process)
    assert process.returncode is not None
    process.stdin.close()


def test_a_server_that_ends_is_tried_on_other_ports_then_given_up(tmp_path: Path) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "server.log"
    with pytest.raises(Refused, match=r"(?s)did not start.*address in use"):
        servers._started(_pretends(log, "address in use", begun, stays=False), log)
    assert len(begun) == servers.TRIES
    for process in begun:
        assert process.poll() is not None
        process.stdin.close()
