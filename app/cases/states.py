"""The states a case can be in, the verbs that move it, and who may use them. What a kind allows is in kinds/."""

from __future__ import annotations

SUBMITTED, ACCEPTED, IN_PROGRESS, RESOLVED, CLOSED = (
    "submitted",
    "accepted",
    "in_progress",
    "resolved",
    "closed",
)
REJECTED, MERGED, WITHDRAWN, RETURNED, REOPENED = "rejected", "merged", "withdrawn", "returned", "reopened"

WAITING = (SUBMITTED, RETURNED, REOPENED)  # nobody has it; the accept deadline runs
WORKING = (ACCEPTED, IN_PROGRESS)  # somebody has it; the resolve deadline runs
OPEN = WAITING + WORKING
ENDED = (RESOLVED, CLOSED, REJECTED, MERGED, WITHDRAWN)
ANSWERED = (RESOLVED, CLOSED, REJECTED)  # what came of it has been said in words
STATES = OPEN + ENDED

SUBMIT = "submit"  # the first step of every case
ACCEPT, REJECT, MERGE, REASSIGN = "accept", "reject", "merge", "reassign"
START, RESOLVE, HAND_BACK = "start", "resolve", "hand_back"
CONFIRM, ANSWER, REOPEN, WITHDRAW = "confirm", "answer", "reopen", "withdraw"
ESCALATE, CLOSE = "escalate", "close"
VERBS = (
    SUBMIT, ACCEPT, REJECT, MERGE, REASSIGN, START, RESOLVE, HAND_BACK,
    CONFIRM, ANSWER, REOPEN, WITHDRAW, ESCALATE, CLOSE,
)  # fmt: skip

REPORTER, TRIAGE, WORK, SYSTEM = "reporter", "triage", "work", "system"  # who may use a verb

SOLVED, NOT_SOLVED, UNSURE = "solved", "not_solved", "unsure"  # the reporter's answer to "is it fixed?"
ANSWERS = (SOLVED, NOT_SOLVED, UNSURE)
