"""Questions of at most one row about a person that are asked all day: built once, and asked together where they can be.

    BALANCE = Question(select(...).where(Account.key == bindparam("wallet")), lambda id: {"wallet": …}, Balance)

    def balance_of(person_id): return ask(BALANCE, person_id)      the story stays as it is

    @api.get("/wallet")
    @asks_ahead(queries.BALANCE)                                   the same statement that finds out who calls
    def read_wallet(by): return queries.balance_of(by.id)          brings the answer; nothing is asked twice

Only what cannot write may ask ahead: in such a unit of work an answer stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import true

from app.kernel.db import Statement, is_reading, session
from app.kernel.driving import rows

T = TypeVar("T")
_ANSWERS = "answers"  # in the session's `info`, as long as the unit of work


@dataclass(frozen=True, slots=True, eq=False)
class Question(Generic[T]):
    """A statement of at most one row, the values it needs for a person, and what its columns mean.

    `answer` is told nothing (`None`) where there is no row.
    """

    statement: Statement
    values: Callable[[UUID], Mapping[str, Any]]
    answer: Callable[[Sequence[Any] | None], T]


Ahead = tuple[Question[Any], ...]


def ask(question: Question[T], person_id: UUID) -> T:
    """The answer; asked of the database unless it came along with who calls."""
    known: dict[Any, T] = session.info.get(_ANSWERS, {})
    if (question, person_id) in known:
        return known[question, person_id]
    found = rows(question.statement, question.values(person_id))
    return question.answer(found[0] if found else None)


def rows_and_answers(
    statement: Statement, values: Mapping[str, Any], questions: Ahead, person_id: UUID
) -> Sequence[Sequence[Any]]:
    """The rows of a statement, each followed by more columns: these questions were asked with it, and are answered.

    If the statement has no row, nothing was found out about the person.
    """
    if not questions or not is_reading():
        return rows(statement, values)
    found = rows(_together(statement, questions), {**values, **_values(questions, person_id)})
    if found:
        kept = session.info.setdefault(_ANSWERS, {})
        at = len(statement.selected_columns)
        for question in questions:
            end = at + len(question.statement.selected_columns)
            told = found[0][at:end]
            kept[question, person_id] = question.answer(
                told if any(each is not None for each in told) else None
            )
            at = end
    return found


def _values(questions: Ahead, person_id: UUID) -> dict[str, Any]:
    return {name: value for each in questions for name, value in each.values(person_id).items()}


@cache
def _together(statement: Statement, questions: Ahead) -> Statement:
    for each in questions:
        beside = each.statement.subquery()
        statement = statement.outerjoin(beside, true()).add_columns(*beside.c)
    return statement
