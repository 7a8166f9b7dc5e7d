"""A selection computed by somebody else: from the exported file alone, by other means, importing nothing of ours.

Run by hand: `python tests/honours/recompute.py < snapshot.jsonl`. It prints the pseudonyms chosen, in order.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import date
from fractions import Fraction
from math import floor


def agrees(text: str) -> list[str]:
    """The chosen in order, if the file's list is what its facts and criteria give. Else an AssertionError."""
    sealed, everybody = read(text)
    again = plain(sealed["criteria"])
    assert hashlib.sha256(again.encode()).hexdigest() == sealed["criteria_sha256"], "criteria"
    bare = [{key: each[key] for key in each if key not in ("verdict", "~")} for each in everybody]
    told = "".join(f"{plain(each)}\n" for each in sorted(bare, key=lambda each: each["pseudonym"]))
    assert hashlib.sha256(told.encode()).hexdigest() == sealed["facts_sha256"], "facts"
    order, chosen = compute(sealed, bare)
    said = [each for each in everybody if "verdict" in each]
    assert [each["pseudonym"] for each in said] == order
    assert [each["verdict"]["position"] for each in said] == list(range(1, len(said) + 1))
    assert all(each["verdict"]["score"] == points(each, sealed["criteria"]) for each in said)
    assert [each["pseudonym"] for each in said if each["verdict"]["chosen"]] == [
        each for each in order if each in chosen
    ]
    return [each for each in order if each in chosen]


def plain(value: object) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read(text: str) -> tuple[dict, list[dict]]:
    """The first line and the people, once each line's check fits all lines before it."""
    check, records = "", []
    for line in text.removesuffix("\n").split("\n"):
        record = json.loads(line)
        said = record["~"]
        bare = plain({key: record[key] for key in record if key != "~"})
        check = hashlib.sha256((check + bare).encode()).hexdigest()[:16]
        assert check == said, line
        records.append(record)
    assert len(records) == records[0]["people"] + 1
    return records[0], records[1:]


def compute(sealed: dict, everybody: list[dict]) -> tuple[list[str], set[str]]:
    """The order by repeatedly taking the better of two, the choice by trying each seat against a table of counts."""
    rules, last = sealed["criteria"], date.fromisoformat(sealed["period"][1])
    people = {each["pseudonym"]: each for each in everybody if allowed(each, rules, last)}
    order = insertion_sorted(list(people), lambda a, b: better(people[a], people[b], rules, last))
    chosen: list[str] = []
    for quota in rules["quotas"]:
        group = [each for each in order if people[each]["groups"].get(quota["by"]) == quota["group"]]
        for each in group:
            filled = sum(one in group for one in chosen)
            if (
                filled < quota["at_least"]
                and len(chosen) < rules["seats"]
                and room(each, chosen, people, rules)
            ):
                chosen.append(each)
    for each in order:
        if each not in chosen and len(chosen) < rules["seats"] and room(each, chosen, people, rules):
            chosen.append(each)
    return order, set(chosen)


def allowed(one: dict, rules: dict, last: date) -> bool:
    """Whether every condition is met."""
    values, needed = one["values"], rules["eligibility"]
    minutes = sum(values.get(f"hours.{basis}", 0) for basis in ("proven", "witnessed"))
    return (
        last.toordinal() - date.fromisoformat(one["enrolled_on"]).toordinal() >= needed["enrolled_days"]
        and minutes >= needed["minimum_minutes"]
        and values.get("training.minutes", 0) >= needed.get("training_minutes", 0)
        and not values.get("holds.open", 0)
    )


def points(one: dict, rules: dict) -> int:
    """The score, by exact fractions."""
    total = 0
    for part in rules["components"]:
        share = min(Fraction(one["values"].get(part["source"], 0), part["cap"]), Fraction(1))
        total += part["weight"] * floor(share * 1000)
    return total


def better(a: dict, b: dict, rules: dict, last: date) -> bool:
    """Whether a stands before b."""
    if points(a, rules) != points(b, rules):
        return points(a, rules) > points(b, rules)
    for tie in rules["tie_break"]:
        mine, theirs = (
            (last - date.fromisoformat(each["enrolled_on"])).days
            if tie == "enrolled_days"
            else each["values"].get(tie, 0)
            for each in (a, b)
        )
        if mine != theirs:
            return mine > theirs
    return a["pseudonym"] < b["pseudonym"]


def insertion_sorted(names: list[str], before) -> list[str]:
    """Binary insertion: no key, only comparisons of two."""
    done: list[str] = []
    for name in names:
        low, high = 0, len(done)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if before(name, done[middle]) else (middle + 1, high)
        done.insert(low, name)
    return done


def room(one: str, chosen: list[str], people: dict, rules: dict) -> bool:
    """Whether no limit is broken by one more."""
    for quota in rules["quotas"]:
        mine = people[one]["groups"].get(quota["by"])
        if quota["at_most"] is None or mine is None or quota["group"] not in (None, mine):
            continue
        if sum(people[each]["groups"].get(quota["by"]) == mine for each in chosen) >= quota["at_most"]:
            return False
    return True


if __name__ == "__main__":
    sys.stdout.write("\n".join(agrees(sys.stdin.buffer.read().decode("utf-8"))) + "\n")
