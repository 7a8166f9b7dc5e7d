"""Everything the product says exists in both languages, is punctuated rightly and does not talk like an office."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator

import pytest

import app
from app.kernel import i18n
from app.kernel.errors import Problem
from tests.architecture import word_guards as guards
from tests.architecture.sources import Source, below

Guard = Callable[[Source], Iterator[str]]

OF_WORDS: tuple[Guard, ...] = (
    guards.lacks_a_language,
    guards.differs_in_facts,
    guards.is_badly_punctuated,
    guards.speaks_chinese_in_english,
)


def words_files() -> list[Source]:
    return [source for source in below("app", ".toml") if source.path.name.startswith("words")]


@pytest.mark.parametrize("guard", OF_WORDS, ids=lambda guard: guard.__name__)
def test_words_keep_the_rule(guard: Guard) -> None:
    complaints = [complaint for source in words_files() for complaint in guard(source)]
    assert not complaints, f"{guard.__doc__}\n" + "\n".join(complaints)


def test_nothing_talks_like_an_office() -> None:
    sources = below("app", ".toml", ".html", ".js", ".py")
    complaints = [complaint for source in sources for complaint in guards.talks_like_an_office(source)]
    assert not complaints, "\n".join(complaints)


def test_whatever_is_said_has_words() -> None:
    known = frozenset(i18n.words())
    sources = below("app", ".py", ".html", ".txt")
    complaints = [
        complaint for source in sources for complaint in guards.says_what_has_no_words(source, known)
    ]
    assert not complaints, "\n".join(complaints)


def problems() -> set[type[Problem]]:
    """Every refusal of every package."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        importlib.import_module(module.name)
    found, seen = [Problem], set()
    while found:
        kind = found.pop()
        seen.add(kind)
        found += [sub for sub in kind.__subclasses__() if sub not in seen]
    return {kind for kind in seen if kind.__module__.startswith("app.")}


def without_words(kinds: set[type[Problem]], known: frozenset[str]) -> list[str]:
    """Refusals that could not be put into words."""
    return sorted(
        f"{kind.__module__}.{kind.__name__}: {kind.slug}" for kind in kinds if kind.slug not in known
    )


def with_a_shared_slug(kinds: set[type[Problem]]) -> list[str]:
    """Slugs that two refusals claim: a program could not tell them apart."""
    own = [kind.slug for kind in kinds if "slug" in vars(kind)]
    return sorted({slug for slug in own if own.count(slug) > 1})


def test_every_refusal_has_words() -> None:
    assert not without_words(problems(), frozenset(i18n.words()))


def test_no_two_refusals_share_a_slug() -> None:
    assert not with_a_shared_slug(problems())


def _words(zh: str, en: str = "Well.", more: str = "") -> Source:
    return Source("app/rewards/words.toml", f'["voucher-spent"]\nzh = "{zh}"\nen = "{en}"\n{more}')


PLANTED = [
    (guards.lacks_a_language, Source("words.toml", '["voucher-spent"]\nzh = "已经领过了。"\n')),
    (guards.lacks_a_language, _words("已经领过了。", " ")),
    (guards.lacks_a_language, _words("已经领过了。", more='fr = "Non."')),
    (guards.differs_in_facts, _words("还差 {missing} 分。", "You are short.")),
    (guards.is_badly_punctuated, _words("已经领过了,明天再来。")),
    (guards.is_badly_punctuated, _words("编号:{no}")),
    (guards.is_badly_punctuated, _words("办好了吗?")),
    (guards.is_badly_punctuated, _words("收到!有人看")),
    (guards.is_badly_punctuated, _words("码过期了.")),
    (guards.speaks_chinese_in_english, _words("好。", "Well，好.")),
    (guards.speaks_chinese_in_english, _words("好。", "签到成功")),
    (guards.talks_like_an_office, _words("尊敬的用户，您好。")),
    (guards.talks_like_an_office, _words("您的积分到了。")),
    (guards.talks_like_an_office, Source("app/web/templates/error.html", "<p>系统繁忙</p>")),
]


@pytest.mark.parametrize("guard,source", PLANTED, ids=lambda value: getattr(value, "__name__", None))
def test_the_guard_bites(guard: Guard, source: Source) -> None:
    assert list(guard(source))


@pytest.mark.parametrize("guard", [*OF_WORDS, guards.talks_like_an_office], ids=lambda guard: guard.__name__)
def test_the_guard_lets_pass_what_is_right(guard: Guard) -> None:
    right = _words(
        "今天 14:02 已签到，+{points} 分：{reason}",
        "Checked in at 14:02, +{points}: {reason}",
        'en_one = "1"',
    )
    assert not list(guard(right))


@pytest.mark.parametrize(
    "source",
    [
        Source("app/web/rider/home.py", 'i18n.say("web.nowhere", n=1)'),
        Source("app/web/templates/home.html", "<p>{{ say('web.nowhere') }}</p>"),
        Source("app/web/rider/home.py", 'say(f"shop.{tab}")'),
        Source("app/web/templates/home.html", "{{ say('shop.' ~ tab) }}"),
        Source("app/web/templates/home.html", '<p>\n{{ say( "web.nowhere", n=1) }}</p>'),
    ],
)
def test_words_that_do_not_exist_are_noticed(source: Source) -> None:
    assert list(guards.says_what_has_no_words(source, frozenset({"web.home"})))


@pytest.mark.parametrize(
    "source",
    [
        Source("app/web/rider/home.py", 'i18n.say("web.home", n=1) + say(f"web.{tab}") + say(key)'),
        Source("app/web/templates/home.html", "{{ say('web.' ~ tab) }}{{ say(key) }}{{ say('web.home') }}"),
    ],
)
def test_words_that_exist_pass(source: Source) -> None:
    assert not list(guards.says_what_has_no_words(source, frozenset({"web.home"})))


def test_refusals_without_words_are_noticed() -> None:
    plain = type("Plain", (), {"slug": "voucher-eaten", "__module__": "app.rewards.errors"})
    twin = type("Twin", (), {"slug": "voucher-eaten", "__module__": "app.rewards.errors"})
    assert without_words({plain}, frozenset({"voucher-spent"}))
    assert with_a_shared_slug({plain, twin}) == ["voucher-eaten"]
