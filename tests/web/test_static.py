"""What a phone has to fetch: small, versioned, and worded in both languages."""

from __future__ import annotations

import ast
import gzip
import re
from pathlib import Path

from flask.testing import FlaskClient

from app.kernel import i18n
from app.web.looks import STATIC, asset

HOME_SCRIPTS = ("js/app.js", "js/outbox.js", "js/personal-code.js", "vendor/lean-qr/lean-qr.js")
WEB = Path(STATIC).parent
CJK = re.compile(r"[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,:;?!]|[,:;?!][\u4e00-\u9fff]")
BANNED = ("尊敬的用户", "请知悉", "违规操作", "系统繁忙", "操作失败")


def _weight(*names: str) -> int:
    return sum(
        len(gzip.compress((STATIC / name).read_bytes())) for name in names if (STATIC / name).is_file()
    )


def test_the_style_is_small() -> None:
    assert _weight("fengxing.css") <= 10 * 1024


def test_home_is_light() -> None:
    assert _weight("fengxing.css", *HOME_SCRIPTS) <= 30 * 1024


def test_files_are_kept_for_ever_under_their_version(guest: FlaskClient) -> None:
    with guest.get(asset("fengxing.css")) as response:
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
    with guest.get("/static/old/fengxing.css") as response:
        assert response.headers["Cache-Control"] == "no-cache"


def test_no_path_leads_out_of_the_folder(guest: FlaskClient) -> None:
    assert guest.get("/static/x/../edge.py").status_code == 404
    assert guest.get("/static/x/%2e%2e/edge.py").status_code == 404


def test_the_service_worker_knows_its_version(guest: FlaskClient) -> None:
    response = guest.get("/sw.js")
    assert response.mimetype == "text/javascript"
    assert response.text.startswith("const VERSION")
    manifest = guest.get("/manifest.webmanifest").get_json()
    assert manifest["start_url"] == "/"
    for each in manifest["icons"]:
        with guest.get(each["src"]) as icon:
            assert icon.status_code == 200


def _said_keys() -> set[str]:
    keys = set()
    for file in WEB.rglob("*.html"):
        keys |= set(re.findall(r"""say\(\s*["']([a-z0-9.-]+)["']\s*[,)]""", file.read_text("utf-8")))
    for file in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.fullmatch(r"web\.[a-z0-9.-]+", node.value)
            ):
                keys.add(node.value)
    return {key for key in keys if not key.endswith((".", "-"))}


def test_everything_that_is_said_has_words() -> None:
    missing = {key for key in _said_keys() if not i18n.has(key)}
    assert missing == set()


def test_words_are_chinese_and_english_and_well_set() -> None:
    for key, texts in i18n.words().items():
        if not key.startswith("web."):
            continue
        assert all(texts[language] for language in i18n.LOCALES), key
        assert not CJK.search(texts["en"]), key
        assert not HALF_WIDTH.search(texts["zh"]), key
        assert not any(each in texts["zh"] for each in BANNED), key
