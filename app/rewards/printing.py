"""A voucher on paper, for riders without a smartphone: the code to scan, its digits to type, and what it promises."""

from __future__ import annotations

from app.codes import drawing
from app.codes.kinds import voucher as voucher_code
from app.kernel.i18n import format_instant, say
from app.rewards.queries import VoucherDetail

SIDE_MM = 52.0


def voucher_pdf(detail: VoucherDetail, *, rider: str) -> bytes:
    """One sheet. `rider` is masked: the paper may lie about."""
    from app.kernel.paper import Paper

    voucher, station = detail.voucher, detail.station
    paper = Paper(
        title=say("rewards.paper.title"),
        made_at=voucher.reserved_at,
        numbered=False,
        foot=say("rewards.paper.foot"),
    )
    paper.heading(detail.reward.name, align="C")
    paper.say(say("rewards.paper.points", n=voucher.points), align="C", after_mm=3)
    top = paper.get_y()
    paper.modules(
        drawing.matrix(voucher_code.make(voucher.serial), "Q"),
        x=(paper.w - SIDE_MM) / 2,
        y=top,
        side_mm=SIDE_MM,
    )
    paper.set_y(top + SIDE_MM + 2)
    paper.say(_grouped(voucher.serial), size_pt=16, bold=True, align="C")
    paper.say(say("rewards.paper.typed"), size_pt=8.5, align="C", after_mm=4)
    paper.rows(
        [say("rewards.paper.where"), station.name],
        [
            [say("rewards.paper.address"), station.address],
            [say("rewards.paper.until"), format_instant(voucher.expires_at)],
            [say("rewards.paper.rider"), rider],
        ],
        widths=(1, 3),
    )
    return paper.bytes()


def _grouped(serial: str) -> str:
    return " ".join((serial[:4], serial[4:8], serial[8:]))
