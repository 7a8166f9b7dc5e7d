"""`ONLY=browser make bench`: what a person waits for, in a real browser with a camera that films a phone.

Each figure is the middle of some rounds, each with a rider of its own; a busy machine shows in the range. The camera's
film is a picture of the rider's own page, half a second of nothing before it. The network of the poster is `THREE_G`;
its rounds go without a service worker, whose requests a browser does not slow down.
"""

from __future__ import annotations

import gzip
import io
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask_jwt_extended import get_csrf_token
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import update

from app.codes.kinds import station as poster
from app.codes.models import PersonalHandle
from app.kernel.db import db, session, transaction
from bench import city, crowd, pairs, report, streams
from bench.city import Counter
from bench.crowd import Rider
from bench.ground import on_sqlite, served
from bench.sizes import Size
from tools.system import chromium_program

ROUNDS = int(os.environ.get("ROUNDS", "5"))
READ_MS, RESULT_MS, TICK_MS, HOME_BYTES = 2_000, 800, 1_500, 30 * 1024
THREE_G = {
    "offline": False,
    "latency": 300,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
FILM, CODE_PX = (640, 480), 200
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
PATIENCE_MS = 120_000
MARKS = """
  mark("opened", performance.timeOrigin);
  document.addEventListener("playing", () => mark("camera", Date.now()), true);
  document.addEventListener("submit", () => mark("read", Date.now()), true);
"""
PAINTED = """() => {
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return paint && performance.timeOrigin + paint.startTime;
}"""
TICKED = """() => document.querySelector("main.result[data-tone=ok]")
  && performance.timeOrigin + performance.now()"""  # asked with each frame


@dataclass(slots=True)
class Stand:
    """The product behind its server, a browser, a counter, and riders who have not been seen yet."""

    browser: Browser
    address: str
    counter: Counter
    staff_cookies: list[Any]
    cookies_of: dict[Rider, list[Any]]
    folder: Path
    riders: Iterator[Rider] = field(init=False)

    def __post_init__(self) -> None:
        self.riders = iter(self.cookies_of)

    def context(self, cookies: Sequence[Any], browser: Browser | None = None, **more: Any) -> BrowserContext:
        """A phone that is signed in and stands at the station."""
        station = self.counter.station
        opened = (browser or self.browser).new_context(
            viewport={"width": 360, "height": 780},
            device_scale_factor=2,
            locale="zh-CN",
            base_url=self.address,
            geolocation={"latitude": station.lat, "longitude": station.lng, "accuracy": 12},
            **more,
        )
        opened.set_default_timeout(PATIENCE_MS)
        opened.add_cookies([{**each, "url": self.address} for each in cookies])
        return opened


def run(_size: Size) -> tuple[Any, list[str]]:
    """Each figure with its bar. No finding is made of a wait: that would be a timed test."""
    if chromium_program() is None:
        raise SystemExit("the figures of the browser need Chromium (apt-get install chromium-headless-shell)")
    with _stand() as stand:
        rows = [
            *_filmed_rounds(stand),
            _posters(stand, warm=True),
            _posters(stand, warm=False),
            _weight(stand),
        ]
    report.table(f"in Chromium, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", rows)
    return rows, []


@contextmanager
def _stand() -> Iterator[Stand]:
    with on_sqlite() as ground, ground.app.app_context(), tempfile.TemporaryDirectory() as folder:
        made = city.found(1)
        (counter,) = made.counters
        staff = streams.sign_in([counter], made.at)[counter.staff_id]
        riders = crowd.enrol(3 * ROUNDS + 1, at=made.at)
        with transaction():  # the browser is each rider's first phone
            session.execute(update(PersonalHandle).values(revoked_at=made.at))
        cookies = {each: _cookies(streams.token(each.id, each.family_id, made.at)) for each in riders}
        staff_cookies = _cookies(staff)
        session.remove()
        db.engine.dispose()
        with served(ground) as (_, port), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_program(), args=[*FLAGS])
            yield Stand(
                browser, f"http://127.0.0.1:{port}", counter, staff_cookies, cookies, Path(folder)
            )  # fmt: skip
            browser.close()


def _cookies(token: str) -> list[Any]:
    return [
        {"name": "fengxing_access", "value": token},
        {"name": "csrf_access_token", "value": get_csrf_token(token)},
    ]


def _filmed_rounds(stand: Stand) -> list[dict[str, Any]]:
    """The station's camera sees a rider's phone: from its first picture to the code, from the code to the result."""
    reads, results = [], []
    for number in range(ROUNDS):
        film = _film_of_a_phone(stand, number)
        flags = [*FLAGS, *CAMERA, f"--use-file-for-fake-video-capture={film}"]
        browser = stand.browser.browser_type.launch(executable_path=chromium_program(), args=flags)
        try:
            counter = stand.context(stand.staff_cookies, browser, permissions=["camera"]).new_page()
            marks = _marked(counter)
            counter.goto(f"/station/{stand.counter.station.id}")
            counter.wait_for_url("**/riders/*", timeout=PATIENCE_MS)
            counter.wait_for_selector("[data-result=ok]")
            shown = counter.wait_for_function(PAINTED).json_value()
        finally:
            browser.close()
        reads.append(marks["read"] - marks["camera"])
        results.append(shown - marks["read"])
        report.say(f"filmed {number + 1} of {ROUNDS}: read {reads[-1]:.0f} ms, shown {results[-1]:.0f} ms")
    return [
        _row("camera on → rider's live code read", reads, READ_MS),
        _row("code read → result at the station", results, RESULT_MS),
    ]


def _film_of_a_phone(stand: Stand, number: int) -> Path:
    """What the station's camera sees: a rider's own page, as it is now."""
    context = stand.context(stand.cookies_of[next(stand.riders)])
    page = context.new_page()
    page.goto("/")
    page.wait_for_selector(".qr canvas")
    picture = page.locator(".qr").screenshot()
    context.close()
    return filmed(picture, stand.folder / f"film-{number}.y4m", CODE_PX)


def filmed(screenshot: bytes, file: Path, code_px: int) -> Path:
    """A film (Y4M) of a screen whose code is so many pixels wide, after half a second of nothing."""
    screen = Image.open(io.BytesIO(screenshot)).convert("L")
    screen = screen.resize((code_px, code_px * screen.height // screen.width), Image.Resampling.LANCZOS)
    scene = Image.new("L", FILM, 120)
    scene.paste(screen, ((FILM[0] - screen.width) // 2, (FILM[1] - screen.height) // 2))
    colours = bytes([128]) * (FILM[0] * FILM[1] // 2)
    blank = Image.new("L", FILM, 90)
    frames = [blank] * 5 + [scene] * 25
    head = f"YUV4MPEG2 W{FILM[0]} H{FILM[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
    file.write_bytes(head + b"".join(b"FRAME\n" + frame.tobytes() + colours for frame in frames))
    return file


def _posters(stand: Stand, *, warm: bool) -> dict[str, Any]:
    """A poster's link on a slow network, until the green tick is shown. Warm: the phone has opened a poster before."""
    took = []
    link = urlsplit(poster.make(stand.counter.station.short_code)).path
    for number in range(ROUNDS):
        context = stand.context(stand.cookies_of[next(stand.riders)], service_workers="block")
        page = context.new_page()
        if warm:
            page.goto(link)  # nothing is sent while it may not know the place
            page.wait_for_load_state("networkidle")
        context.grant_permissions(["geolocation"])
        marks = _marked(page)
        slow = context.new_cdp_session(page)
        slow.send("Network.enable")
        slow.send("Network.emulateNetworkConditions", THREE_G)
        page.goto(link)
        took.append(page.wait_for_function(TICKED).json_value() - marks["opened"])
        context.close()
        report.say(f"poster {number + 1} of {ROUNDS}: {took[-1]:.0f} ms")
    told = "not the first" if warm else "the very first"
    return _row(f"poster → green tick, 3G, {told}", took, TICK_MS)


def _weight(stand: Stand) -> dict[str, Any]:
    """All that a first visit of the rider's home brings, compressed; files for a dark start come later."""
    weights: dict[str, int] = {}
    context = stand.context(stand.cookies_of[next(stand.riders)])
    context.route("**/sw.js", lambda route: route.abort())
    page = context.new_page()

    def weigh(response: Any) -> None:
        if response.status == 200:
            weights[urlsplit(response.url).path] = len(gzip.compress(response.body(), 9))

    page.on("response", weigh)
    page.goto("/")
    page.wait_for_selector(".qr canvas")
    page.wait_for_load_state("networkidle")
    context.close()
    total = sum(weights.values())
    return {
        "path": f"first visit of the rider's home, {len(weights)} files, gz", "bytes": total, "bar": HOME_BYTES,
        "verdict": pairs.MET if total <= HOME_BYTES else pairs.BELOW,
    }  # fmt: skip


def _marked(page: Page) -> dict[str, float]:
    """The first instant of each thing that happens on the page from now on."""
    marks: dict[str, float] = {}
    page.expose_binding("mark", lambda _source, name, at: marks.setdefault(name, at))
    page.add_init_script(MARKS)
    return marks


def _row(path: str, took: Sequence[float], bar_ms: int | None) -> dict[str, Any]:
    middle = statistics.median(took)
    verdict = pairs.SHOWN if bar_ms is None else pairs.MET if middle <= bar_ms else pairs.BELOW
    return {
        "path": path, "count": len(took), "p50_ms": round(middle), "range": [round(min(took)), round(max(took))],
        "bar": bar_ms, "verdict": verdict,
    }  # fmt: skip
