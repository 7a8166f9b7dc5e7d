"""Guards about the words: both languages, right punctuation, the tone of a station manager, and none missing."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator

from tests.architecture.sources import Source

LANGUAGES = {"zh", "en"}
MORE = {"en_one"}  # the English singular
CHINESE = "㐀-鿿豈-﫿"
HALF_WIDTH = re.compile(rf"[{CHINESE}”’）》][ ]*[,:;?!]|[,:;?!][ ]*[{CHINESE}“‘（《]")
FULL_STOP = re.compile(rf"[{CHINESE}]\.(?!\w)")
CHINESE_SENTENCE = re.compile(rf"[{CHINESE}]{{4,}}|[，。！？；：]")
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
# what an office says and a station manager does not
OFFICE_TALK = ("尊敬的用户", "请知悉", "违规操作", "系统繁忙", "操作失败", "您")
SAYING = {"say", "_say"}
SAID_IN_TEMPLATE = re.compile(r"""\bsay\(\s*(["'])([^"'{}~]+?)\1\s*([~+])?""")

Words = dict[str, dict[str, str]]


def words_of(source: Source) -> Words:
    """The entries of one words file."""
    return tomllib.loads(source.text)


def lacks_a_language(source: Source) -> Iterator[str]:
    """Every key has Chinese and English, both said, and no third thing by a slip of the pen."""
    for key, texts in words_of(source).items():
        missing = LANGUAGES - {name for name, text in texts.items() if text.strip()}
        strange = set(texts) - LANGUAGES - MORE
        for name in sorted(missing):
            yield f"{source.name}: [{key}] has no {name}"
        for name in sorted(strange):
            yield f"{source.name}: [{key}] has {name}, which nobody reads"


def differs_in_facts(source: Source) -> Iterator[str]:
    """Both languages tell the same facts."""
    for key, texts in words_of(source).items():
        zh, en = _facts(texts.get("zh", "")), _facts(texts.get("en", ""))
        if zh != en:
            yield f"{source.name}: [{key}] fills {sorted(zh)} in Chinese and {sorted(en)} in English"


def is_badly_punctuated(source: Source) -> Iterator[str]:
    """Chinese sentences have Chinese punctuation."""
    for key, texts in words_of(source).items():
        filled = PLACEHOLDER.sub("某", texts.get("zh", ""))
        if HALF_WIDTH.search(filled) or FULL_STOP.search(filled):
            yield f"{source.name}: [{key}] mixes half-width punctuation into Chinese: {texts['zh']}"


def talks_like_an_office(source: Source) -> Iterator[str]:
    """Words, templates and scripts talk like a station manager: what happened, what to do."""
    for number, line in enumerate(source.text.splitlines(), 1):
        for phrase in OFFICE_TALK:
            if phrase in line:
                yield f"{source.name}:{number}: {phrase}"


def speaks_chinese_in_english(source: Source) -> Iterator[str]:
    """The English is English (a name or a word may be quoted)."""
    for key, texts in words_of(source).items():
        for name in ("en", "en_one"):
            if CHINESE_SENTENCE.search(texts.get(name, "")):
                yield f"{source.name}: [{key}] has Chinese in its English: {texts[name]}"


def says_what_has_no_words(source: Source, known: frozenset[str]) -> Iterator[str]:
    """Whatever is said by its key has words; of a key that is put together, the beginning is known."""
    for key, is_whole, where in _said(source):
        if key not in known and (is_whole or not any(word.startswith(key) for word in known)):
            yield f"{source.name}:{where}: there are no words for {key!r}"


def _said(source: Source) -> Iterator[tuple[str, bool, int]]:
    if source.name.endswith(".py"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and _name(node.func) in SAYING and node.args:
                first, is_whole = node.args[0], True
                if isinstance(first, ast.JoinedStr) and first.values:
                    first, is_whole = first.values[0], False
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value, is_whole, node.lineno
        return
    for match in SAID_IN_TEMPLATE.finditer(source.text):
        yield match[2], not match[3], source.text.count("\n", 0, match.start()) + 1


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
