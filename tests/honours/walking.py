"""A selection walked step by step, with one rider for everything that may happen to a name.

What may be shown is written down here a second time, from the issue's words and not from the product's code: `Fate`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import update

from app.cases.models import Case
from app.honours import announcing, consenting, holding, objecting, picturing, queries, reviewing, selecting
from app.honours.criteria import approve_criteria
from app.honours.models import Selection
from app.identity.actors import Actor
from app.identity.consent import answer_consent
from app.identity.models import Person
from app.identity.profile import close_account
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.errors import Problem
from app.media import cleaning
from app.media.accepting import accept_photo
from app.media.models import NOMINATION
from tests import make as city
from tests.honours import make
from tests.honours.test_unwinding import Void, on_fact_unwound
from tests.media.make import jpeg

LATER = timedelta(days=14)


@dataclass(slots=True)
class Fate:
    """What is true of one rider's name, as he and others decided it so far."""

    act: str
    name: str
    someone: Person
    acting: Actor
    story: str
    photo: Any = None
    pseudonym: str | None = None
    candidate_id: Any = None
    full: bool = False  # agreed to the full name on this roll, and to publication
    story_too: bool = False
    photo_too: bool = False
    photo_agreed: bool = True
    unlisted: bool = False
    closed: bool = False
    out: bool = False
    waits: bool = False
    honoured: bool = False
    revoked: bool = False

    @property
    def may_be_named(self) -> bool:
        return self.full and not (self.unlisted or self.closed or self.out or self.waits or self.revoked)


@dataclass
class Walk:
    """The selection and its riders, at one step."""

    app: Flask
    here: make.Setting = field(init=False)
    selection: Selection = field(init=False)
    fates: list[Fate] = field(default_factory=list)
    step: str = "draft"
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.here = make.setting(
            *(600 - each for each in range(len(ACTS))), names=[_name(each) for each in range(len(ACTS))]
        )
        with transaction():
            self.neighbour = city.actor(city.rider("张师傅", name="张三"))
        self.selection = make.draft(self.here, criteria=make.CRITERIA | {"seats": len(ACTS)})
        for number, (act, someone) in enumerate(zip(ACTS, self.here.riders, strict=True)):
            fate = Fate(
                act,
                _name(number),
                someone,
                make.acting(someone),
                f"第{number}位的事迹：{_name(number)}冒雨救人",
            )
            self._nominate(fate, number)
            self.fates.append(fate)

    def _nominate(self, fate: Fate, number: int) -> None:
        with transaction():
            session.get_one(Person, fate.someone.id).phone = f"+86139000077{number:02}"
            data = cleaning.clean(jpeg(200 + number, 150))
            sent = accept_photo(data=data, purpose=NOMINATION, by=self.here.department, at=clock.now())
            make.nominate(
                selection_id=self.selection.id, phone=f"+86139000077{number:02}", story=fate.story,
                photos=[make.Given(sent.id, "nominee")], by=self.here.department, at=clock.now(),
            )  # fmt: skip
        with transaction():
            (mine,) = picturing.mine(fate.someone.id)
            fate.photo = picturing.answer(photo_id=mine.photo.id, agreed=True, by=fate.acting, at=clock.now())
            fate.photo = (fate.photo.id, fate.photo.media_id)

    # --- the steps, in order -----------------------------------------------------------------------------------------

    def go(self, step: str) -> None:
        """Take one step; where one needs a meeting, it is held again."""
        getattr(self, f"_{step}")()
        self.step = step

    def _draft(self) -> None:
        pass

    def _approved(self) -> None:
        with transaction():
            approve_criteria(selection_id=self.selection.id, by=self.here.reviewer, at=clock.now())

    def _frozen(self) -> None:
        with transaction():
            selecting.run_selection(selection_id=self.selection.id, by=self.here.department, at=clock.now())
        with transaction():
            found = {
                each.person_id: each for each in queries.candidates(self.selection.id, self.here.department)
            }
        for fate in self.fates:
            mine = found.get(fate.someone.id)
            fate.pseudonym, fate.candidate_id = (mine.pseudonym, mine.id) if mine else (None, None)
            fate.out = mine is None

    def _named(self) -> None:
        make.weighed(self.here, self.selection)

    def _signed(self) -> None:
        with transaction():
            reviewing.sign(selection_id=self.selection.id, by=self.here.reviewer, at=clock.now())
        for fate in self.fates:
            if fate.act != "silent" and not (fate.closed or fate.out):
                self.consent(fate, "full", shows_story=True, shows_photo=True)

    def _met(self) -> None:
        make.met(self.here, self.selection)

    def _noticed(self) -> None:
        make.met(self.here, self.selection)
        with transaction():
            announcing.open_notice(
                selection_id=self.selection.id, **make.CONTACT, by=self.here.department, at=clock.now()
            )

    def _ended(self) -> None:
        with transaction():
            announcing.end_notice(
                selection_id=self.selection.id, by=self.here.department, at=clock.now() + LATER
            )

    def _final(self) -> None:
        make.met(self.here, self.selection)
        with transaction():
            announcing.finalise(
                selection_id=self.selection.id, by=self.here.department, at=clock.now() + LATER
            )
        for fate in self.fates:
            fate.honoured = not (fate.out or fate.closed or fate.waits)

    def _certified(self) -> None:
        """Certificates are out; whoever had been held and is cleared is honoured now."""
        for fate in self.fates:
            if fate.act != "hold-lifted" or not fate.waits:
                continue
            with transaction():
                holding.lift_hold(
                    person_id=fate.someone.id, reason="查清了", by=self.here.reviewer, at=clock.now()
                )
            fate.waits = False
            if fate.honoured or fate.out:
                continue
            with transaction():
                announcing.grant_held(
                    selection_id=self.selection.id, candidate_id=fate.candidate_id, by=self.here.department,
                    at=clock.now() + LATER,
                )  # fmt: skip
            fate.honoured = True

    # --- what may happen to a name -----------------------------------------------------------------------------------

    def act(self) -> None:
        """Everything that can happen at this step, each to its rider; what the product refuses changes nothing."""
        for fate in self.fates:
            deed = DEEDS.get(fate.act)
            if deed is None:
                continue
            try:
                deed(self, fate)
            except Problem as problem:
                self.refused.append(f"{self.step}: {fate.act}: {problem.slug}")

    def consent(self, fate: Fate, choice: str, **more: bool) -> None:
        with transaction():
            consenting.answer(
                selection_id=self.selection.id, choice=choice, by=fate.acting, at=clock.now(), **more
            )
        fate.full, fate.unlisted = choice == "full", choice == "unlisted"
        fate.story_too, fate.photo_too = (
            fate.full and more.get(each, False) for each in ("shows_story", "shows_photo")
        )

    def _withdraw(self, fate: Fate) -> None:
        with transaction():
            answer_consent(purpose="publication", given=False, by=fate.acting, at=clock.now())
        fate.full = False

    def _close(self, fate: Fate) -> None:
        with transaction():
            close_account(by=fate.acting, at=clock.now())
        fate.closed, fate.photo_agreed = True, False

    def _refuse_photo(self, fate: Fate) -> None:
        with transaction():
            picturing.answer(photo_id=fate.photo[0], agreed=False, by=fate.acting, at=clock.now())
        fate.photo_agreed = False

    def _object(self, fate: Fate) -> None:
        with transaction():
            objecting.object_(
                selection_id=self.selection.id, pseudonym=fate.pseudonym, words="事迹有出入", by=self.neighbour,
                at=clock.now(),
            )  # fmt: skip
        fate.waits = True

    def _answer(self, fate: Fate) -> None:
        with transaction():
            mine = (Case.kind == "objection", Case.subject == f"candidate:{fate.candidate_id}")
            session.execute(update(Case).where(*mine).values(state="rejected", due_at=None))
        fate.waits = False

    def _object_and_answer(self, fate: Fate) -> None:
        self._object(fate)
        self._answer(fate)

    def _object_and_remove(self, fate: Fate) -> None:
        self._object(fate)
        self._remove(fate)
        self._answer(fate)

    def _remove(self, fate: Fate) -> None:
        how: dict[str, Any] = {
            "selection_id": self.selection.id,
            "candidate_id": fate.candidate_id,
            "reason": "核实不符",
        }
        with transaction():
            if self.step in ("frozen", "named"):
                reviewing.decide(**how, decision="out", by=self.here.reviewer, at=clock.now())
            else:
                reviewing.remove(**how, by=self.here.reviewer, at=clock.now())
        fate.out = True

    def _revoke(self, fate: Fate) -> None:
        with transaction():
            held = queries.my_honours(fate.someone.id)
            if held:
                announcing.revoke(
                    honour_id=held[0][0].id, reason="事迹不实", by=self.here.department, at=clock.now()
                )
        fate.revoked = bool(held)

    def _hold(self, fate: Fate) -> None:
        with transaction():
            holding.open_hold(
                person_id=fate.someone.id, reason="工时有疑问", by=self.here.reviewer, at=clock.now()
            )
        fate.waits = True

    def _unwind(self, fate: Fate) -> None:
        with transaction():
            on_fact_unwound(Void(fate.someone.id, self.here.reviewer.id))
        if fate.honoured:
            fate.revoked = True
        elif fate.candidate_id is not None:
            fate.out = True


DEEDS: dict[str, Callable[[Walk, Fate], None]] = {
    "object": Walk._object,
    "object-answered": Walk._object_and_answer,
    "object-upheld": Walk._object_and_remove,
    "masked": lambda walk, fate: walk.consent(fate, "masked", shows_story=True, shows_photo=True),
    "unlisted": lambda walk, fate: walk.consent(fate, "unlisted", shows_story=True, shows_photo=True),
    "no-photo": lambda walk, fate: walk.consent(fate, "full", shows_story=True),
    "photo-refused": Walk._refuse_photo,
    "withdraw": Walk._withdraw,
    "close": Walk._close,
    "remove": Walk._remove,
    "revoke": Walk._revoke,
    "hold": Walk._hold,
    "hold-lifted": Walk._hold,
    "unwind": Walk._unwind,
}
ACTS = ("nothing", "silent", *DEEDS)
STEPS = ("draft", "approved", "frozen", "named", "signed", "met", "noticed", "ended", "final", "certified")


def _name(number: int) -> str:
    return f"欧阳{'甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳'[number]}{'东南西北春夏秋冬山水木金火土云雨'[number]}"
