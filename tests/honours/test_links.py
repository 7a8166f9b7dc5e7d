"""Links of nominations: https addresses of public sites as text, nothing that hides where it leads."""

from __future__ import annotations

import pytest

from app.honours.errors import LinkUnsafe
from app.honours.links import LONGEST, MOST, safe


def test_a_link_is_shown_as_one_reads_it_in_full() -> None:
    given = [
        " https://News.Example.cn/a/1?x=2#top ",
        "",
        "https://news.example.cn/a/1?x=2",
        "https://例子.中国/事",
    ]
    assert safe(given) == ["https://news.example.cn/a/1?x=2", "https://xn--fsqu00a.xn--fiqs8s/事"]


@pytest.mark.parametrize(
    "link",
    [
        "http://example.cn/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.cn/",
        "example.cn",
        "https://",
        "https://localhost/",
        "https://printer.local/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://10.0.0.1.",
        "https://1.2.3.04/",
        "https://127.0.0.0x1/",
        "https://[::ffff:1.2.3.4]/",
        "https://gov.cn@evil.example.com/",
        "https://example.cn:8443/",
        "https://example.cn:x/",
        "https://example.cn/a b",
        "https://example.cn/\u202etxt",
        "https://example.cn/\u200b",
        "https://example.cn\\@evil.example.com/",
        'https://example.cn/"onload=',
        "https://exa..mple.cn/",
        "https://example.cn/" + "a" * (LONGEST - 18),
    ],
)
def test_what_is_no_plain_public_https_address_is_refused(link: str) -> None:
    with pytest.raises(LinkUnsafe):
        safe([link])


def test_there_are_only_a_few() -> None:
    with pytest.raises(LinkUnsafe):
        safe(f"https://example.cn/{number}" for number in range(MOST + 1))


def test_as_many_and_as_long_as_may_be_are_taken_and_the_usual_port_is_left_out() -> None:
    long = "https://example.cn/" + "a" * (LONGEST - 19)
    assert safe([long, "https://example.cn:443/1", "https://3.example.cn"]) == [
        long, "https://example.cn/1", "https://3.example.cn",
    ]  # fmt: skip
