"""What can go wrong when people sign in, agree or are appointed."""

from __future__ import annotations

from app.kernel.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Unauthenticated, Unavailable


class PersonNotFound(NotFound):
    """There is no such person, or the account was closed."""

    slug = "person-not-found"


class PhoneWrong(Invalid):
    """This is not a phone number that can get a message."""

    slug = "phone-wrong"


class CodeWrong(Unauthenticated):
    """The one-time code or PIN does not match; the try was counted."""

    slug = "code-wrong"
    keep = True


class CodeExpired(Gone):
    """The one-time code is too old, was used, or none was asked for."""

    slug = "code-expired"


class CodeTriesUsedUp(Gone):
    """Too many wrong tries with this code; a new one is needed."""

    slug = "code-tries-used-up"


class PasswordNotKnown(Invalid):
    """The present password was not given right."""

    slug = "password-not-known"


class PasswordEasy(Invalid):
    """Others would guess this password."""

    slug = "password-easy"


class PasswordWrong(Unauthenticated):
    """No member of staff with this name and password."""

    slug = "password-wrong"


class NewPasswordNeeded(Unauthenticated):
    """Name and passing password are right; all they are worth is a password of one's own, to be chosen first."""

    slug = "new-password-needed"


class PassingOver(Gone):
    """The passing password was used, has run out, or was given too long ago on this page."""

    slug = "passing-over"


class NoPassword(Conflict):
    """This person signs in without a name and password; there is none to replace."""

    slug = "no-password"


class InviteNotFound(NotFound):
    """No such invitation, or it was used or has run out."""

    slug = "invite-not-found"


class ConsentNeeded(Conflict):
    """A new rider must agree to the core terms first; nothing is ticked for anybody."""

    slug = "consent-needed"


class CoreStands(Invalid):
    """Without the core there is no account: it is answered by joining, and taken back by closing the account."""

    slug = "core-stands"


class LocationWithheld(Forbidden):
    """The person took the consent to use their location back."""

    slug = "location-withheld"


class PhotoWithheld(Forbidden):
    """The person took the consent to take photos of theirs back."""

    slug = "photo-withheld"


class SessionEnded(Unauthenticated):
    """The session was signed out, revoked or has run out."""

    slug = "session-ended"


class SessionReused(Unauthenticated):
    """A refresh token was used twice: somebody may have copied it, so the whole session is ended."""

    slug = "session-reused"
    keep = True


class CsrfMissing(Forbidden):
    """A form came without its token; it may have been sent from another site."""

    slug = "csrf-missing"


class NoSmsProvider(Unavailable):
    """This installation cannot send messages; use a station's invitation instead."""

    slug = "no-sms-provider"
    retryable = False  # another try does not connect one


class RoleNeedsScope(Invalid):
    """This role is held in a region, or at a station, and the other was given."""

    slug = "role-needs-scope"


class AlreadyAppointed(Conflict):
    """The person already holds this role there."""

    slug = "already-appointed"


class UsernameTaken(Conflict):
    """Another account has this name."""

    slug = "username-taken"


class AlreadyProposed(Conflict):
    """The same appointment is already waiting for a second administrator."""

    slug = "already-proposed"


class ProposalNotFound(NotFound):
    """There is no such proposal."""

    slug = "proposal-not-found"


class ProposalDecided(Conflict):
    """Another administrator has already agreed or declined."""

    slug = "proposal-decided"


class SecondAdminNeeded(Forbidden):
    """An administrator cannot appoint himself, nor agree to what he proposed."""

    slug = "second-admin-needed"


class AnotherAdminNeeded(Forbidden):
    """The administrator gave this colleague the other step back: together both are the whole account."""

    slug = "another-admin-needed"


class NumberTaken(Conflict):
    """Another account has this number, or is about to get it."""

    slug = "number-taken"


class MoveOpen(Conflict):
    """Somebody has asked already to move this account to another number."""

    slug = "move-open"


class MovedLately(Conflict):
    """The number was changed within the last 30 days; an account that is passed around is nobody's."""

    slug = "moved-lately"


class StaffAccount(Forbidden):
    """Accounts with a staff role are not helped at a counter: that would be a way to a role."""

    slug = "staff-account"


class SecondPersonNeeded(Forbidden):
    """Whoever asked for a change of number, or whose number it is, cannot confirm it."""

    slug = "second-person-needed"


class MoveUnknown(NotFound):
    """No such change of number, or it lies elsewhere."""

    slug = "move-unknown"


class MoveEnded(Conflict):
    """The change of number was confirmed, refused or dropped before."""

    slug = "move-ended"


class SecondFactorNeeded(Unauthenticated):
    """Name and password are right; now a code of the phone, or one from paper, is asked for."""

    slug = "second-factor-needed"


class SecondFactorWrong(Unauthenticated):
    """This code is not right now, or was used before."""

    slug = "second-factor-wrong"


class SecondFactorUnreadable(Unauthenticated):
    """The installation's secret is another one by now: nobody can tell whether a code is right."""

    slug = "second-factor-unreadable"


class SecondFactorMissing(Forbidden):
    """Staff roles count only in a session that was opened with the second step."""

    slug = "second-factor-missing"


class SecondFactorKnown(Conflict):
    """The second step is set up already."""

    slug = "second-factor-known"


class SignInAgain(Forbidden):
    """This takes a session that was signed in just now."""

    slug = "sign-in-again"


class SecondFactorNotBegun(Conflict):
    """No second step is set up."""

    slug = "second-factor-not-begun"


class ReturnOpen(Conflict):
    """Somebody has asked already to let this rider in anew."""

    slug = "return-open"


class ReturnUnknown(NotFound):
    """Nobody asked to let this rider in anew, or it lies elsewhere."""

    slug = "return-unknown"


class ReturnEnded(Conflict):
    """It was used, refused or left too long before."""

    slug = "return-ended"


class ReturnTooSoon(Conflict):
    """A second person has not agreed yet, or the day for objections is not over."""

    slug = "return-too-soon"


class RidersAlike(Conflict):
    """More than one rider of this station is called that; the day they joined tells them apart."""

    slug = "riders-alike"
