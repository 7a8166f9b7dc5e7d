"""What `make run` prints: addresses, demo logins, and a QR code to open it on a phone."""

from __future__ import annotations

from app.cli.demo import data
from app.codes import drawing
from app.identity.queries import person_by_username
from app.kernel import settings
from app.kernel.db import transaction


def text(url: str | None = None) -> str:
    """The whole banner."""
    address = (url or settings.current().public_url).rstrip("/")
    with transaction(write=False):
        known = [each for each in data.STAFF if person_by_username(each[0])]
    lines = [
        "",
        "  蜂行 · Fengxing",
        f"  riders · 骑手        {address}/",
        f"  stations · 驿站      {address}/station",
        f"  desks · 后台         {address}/desk",
        f"  API                  {address}/api/docs   (OpenAPI: {address}/api/openapi.json)",
        "",
    ]
    if known:
        lines += [
            "  demo data · 演示数据  (everything here is invented)",
            f"  riders: phone {data.phone_of(0)[3:]} … {data.phone_of(len(data.RIDERS) - 1)[3:]}",
            "          the one-time code appears on this console · 验证码显示在这里",
            f"  staff: {', '.join(each[0] for each in known)}",
            f"         password {data.PASSWORD}",
            "",
        ]
    return "\n".join([*lines, drawing.terminal(address + "/")])
