"""Questions of at most one row about a person that are asked all day: built once, and asked together where they can be.

    BALANCE = Question(select(...).where(Account.key == bindparam("wallet")), lambda id: {"wallet": …}, Balance)

    def balance_of(person_id): return ask(BALANCE, person_id)      the story stays as it is

    @api.get("/wallet")
    @asks_ahead(queries.BALANCE)                                   the same statement that finds out who calls
    def read_wallet(by): return queries.balance_of(by.id)          brings the answer; nothing is asked twice

Only what cannot write may ask ahead: in such a unit of work an answer stays what it was. On PostgreSQL, those who ask
the same about themselves while it is being asked of somebody else ask together next, in one statement (ADR 37).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from app.kernel.db import Statement, reader_at_rest
from app.kernel.driving import rows
from app.kernel.lanes import Lane
from app.kernel.running import running

T = TypeVar("T")


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
    unit = running()
    if unit is not None and (question, person_id) in unit.answers:
        known: T = unit.answers[question, person_id]
        return known
    found = rows(question.statement, question.values(person_id))
    return question.answer(found[0] if found else None)


def rows_and_answers(
    statement: Statement, values: Mapping[str, Any], questions: Ahead, person_id: UUID
) -> Sequence[Sequence[Any]]:
    """The rows of a statement, each followed by more columns: these questions were asked with it, and are answered.

    If the statement has no row, nothing was found out about the person.
    """
    unit = running()
    if not questions or unit is None or unit.write:
        return rows(statement, values)
    together, given = _together(statement, questions), {**values, **_values(questions, person_id)}
    found = _asked_with_others(together, given) if reader_at_rest() is not None else rows(together, given)
    if found:
        at = len(statement.selected_columns)
        for question in questions:
            end = at + len(question.statement.selected_columns)
            told = found[0][at:end]
            unit.answers[question, person_id] = question.answer(
                told if any(each is not None for each in told) else None
            )
            at = end
    return found


def _asked_with_others(statement: Statement, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    return _lane_of(statement).go(values, alone=lambda: rows(statement, values))


@cache
def _lane_of(statement: Statement) -> Lane[Mapping[str, Any], Sequence[Sequence[Any]]]:
    """Where those wait who ask the same about somebody else while it is being asked: they ask together next."""
    of_many = _of_many(statement)

    def settle(group: Sequence[Mapping[str, Any]]) -> list[Sequence[Sequence[Any]]]:
        told: list[list[Sequence[Any]]] = [[] for _ in group]
        for place, *row in rows(of_many, {name: [each[name] for each in group] for name in group[0]}):
            told[place - 1].append(row)
        return list(told)

    return Lane(settle)


def _of_many(statement: Statement) -> Statement:
    """The same statement for arrays of its values; each row begins with the place of whom it is about, from 1."""
    gaps = {
        each.key: each for each in iterate(statement) if isinstance(each, BindParameter) and each.required
    }
    arrays = [bindparam(name, type_=ARRAY(gap.type)) for name, gap in gaps.items()]
    asked = func.unnest(*arrays).table_valued(*gaps, with_ordinality="place").render_derived(name="asked")

    def filled(element: Any, **_: Any) -> Any:
        # By name: a column would put `asked` into each inner FROM once more.
        is_gap = isinstance(element, BindParameter) and element.key in gaps
        return literal_column(f"asked.{element.key}", element.type) if is_gap else None

    of_each = cast("Statement", replacement_traverse(statement, {}, filled)).lateral("told")
    return select(asked.c.place, *of_each.c).select_from(asked.join(of_each, true()))


def _values(questions: Ahead, person_id: UUID) -> dict[str, Any]:
    return {name: value for each in questions for name, value in each.values(person_id).items()}


@cache
def _together(statement: Statement, questions: Ahead) -> Statement:
    for each in questions:
        beside = each.statement.subquery()
        statement = statement.outerjoin(beside, true()).add_columns(*beside.c)
    return statement
