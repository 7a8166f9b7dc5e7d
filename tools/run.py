"""`make run`: bring what is missing, then hand over to the server (tools.serve) inside the virtual environment."""

from __future__ import annotations

import os

from tools import environment, instance, layout, network, progress, vendor


def main() -> int:
    """Set up, then become the server: the process stays the same, so signals reach it directly."""
    network.must_be_free(network.door(os.environ))
    environment.ensure("runtime")
    vendor.ensure(required=False)
    env = instance.environment(os.environ)
    os.execve(layout.PYTHON, [str(layout.PYTHON), "-u", "-m", "tools.serve"], env)  # -u: codes show at once


if __name__ == "__main__":
    progress.start(main)
