"""Made-up names of every sort that a city has: two characters, compound surnames, names with ·, rare characters."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

SURNAMES = (*"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "爨", "翀", "䶮", "㛃", "旻", "闫")
COMPOUND = ("欧阳", "司马", "诸葛", "上官", "夏侯", "皇甫", "尉迟", "长孙", "慕容", "令狐")
RARE = "龑喆堃淼鑫犇骉焱垚晶翯赟燚彧祎昶旸韡頔玥"
PARTS = (
    *("阿依古丽", "买买提", "迪丽热巴", "迪力木拉提", "扎西", "次仁", "古力娜扎", "阿卜杜拉", "艾力", "木沙"),
    *("卓玛", "多吉", "巴图", "乌云", "格日勒", "其其格", "玛依拉", "吐尔逊", "帕提古丽", "热依汗"),
)


def names(count: int, seed: int) -> list[str]:
    """So many names, no two alike, the same for the same seed."""
    chance, found = Random(seed), dict[str, None]()  # noqa: S311 -- made-up names
    given = _common()
    while len(found) < count:
        found[_one(chance, given)] = None
    return list(found)


def _one(chance: Random, given: str) -> str:
    kind = chance.randrange(10)
    if kind < 3:  # longer than two parts: there are only so many pairs
        return "·".join(chance.choice(PARTS) for _ in range(chance.choice((2, 3, 4))))
    surname = chance.choice(COMPOUND if kind == 3 else SURNAMES)
    characters = given if kind < 8 else RARE + given[:40]
    return surname + "".join(chance.choice(characters) for _ in range(chance.choice((1, 2, 2))))


def _common() -> str:
    """The 3,755 everyday characters of GB 2312."""

    def characters() -> Iterator[str]:
        for high in range(0xB0, 0xD8):
            for low in range(0xA1, 0xFF):
                try:
                    yield bytes((high, low)).decode("gb2312")
                except UnicodeDecodeError:
                    continue

    return "".join(characters())
