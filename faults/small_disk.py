"""A small disk of its own for one program: `python -m faults.small_disk FOLDER MEBIBYTES COMMAND...`

Runs in a mount namespace, so nobody else sees the disk and it is gone with its last program. Needs root, or a kernel
that lets users have namespaces. The command is begun again whenever it ends, as an operating system would do for a
service. From outside the disk is reached through the root folder of the process in /proc.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PAUSE_S = 0.5
REFUSED = 77  # our exit code for "not possible here"

_LIBC = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> int:
    """Make the disk, then run the command until told to stop."""
    folder, mebibytes, *command = arguments
    try:
        mount(folder, int(mebibytes))
    except OSError as error:
        print(error, file=sys.stderr)
        return REFUSED
    uid, gid = os.environ.get("SMALL_DISK_UID"), os.environ.get("SMALL_DISK_GID")
    if uid and gid:
        os.chown(folder, int(uid), int(gid))
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    return keep_running(command)


def mount(folder: str, mebibytes: int) -> None:
    """A tmpfs over the folder, in a namespace of this process. Raises OSError where that is not allowed."""
    uid, gid = os.geteuid(), os.getegid()
    flags = CLONE_NEWNS if uid == 0 else CLONE_NEWNS | CLONE_NEWUSER
    _must(_LIBC.unshare(flags), "unshare")
    if uid != 0:
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", "ascii")
    _must(_LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount")
    options = f"size={mebibytes}m,mode=700,uid={uid},gid={gid}"
    _must(_LIBC.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, options.encode()), "mount")


def _must(outcome: int, what: str) -> None:
    if outcome != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what} is not allowed here: {os.strerror(number)}")


def keep_running(command: list[str]) -> int:
    """Run it again whenever it ends, until SIGTERM."""
    over = False
    running: subprocess.Popen[bytes] | None = None

    def stop(_number: int, _frame: object) -> None:
        nonlocal over
        over = True
        if running is not None:
            running.send_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, stop)
    while not over:
        running = subprocess.Popen(command)
        running.wait()
        if not over:
            time.sleep(PAUSE_S)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
