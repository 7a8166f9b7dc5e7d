"""The embedded default: the code appears on the console of the machine that runs the demo."""

from __future__ import annotations

import sys


class ConsoleSender:
    """Prints the code for whoever tries the demo. Never used in production."""

    def send(self, phone: str, code: str) -> None:
        shown = f"{phone[:-8]}****{phone[-4:]}"
        sys.stderr.write(f"\n  [demo SMS · 演示短信]  {shown}  验证码 · code: {code}\n\n")
        sys.stderr.flush()
