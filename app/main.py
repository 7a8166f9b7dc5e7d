"""The top floor: settings, extensions, blueprints and subscriptions, in one visible list."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, Response, request
from flask_migrate import Migrate
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from app import cli
from app.audit import api as audit_api
from app.audit import recording as audit
from app.cases import api as cases_api
from app.cases import deadlines
from app.cases import events as cases
from app.cases import forgetting as cases_forgetting
from app.checkins import api as checkins_api
from app.checkins import events as checkins
from app.codes import api as codes_api
from app.codes import enrolling as codes_enrolling
from app.codes import events as codes
from app.codes import keyring
from app.doubts import api as doubts_api
from app.doubts import deciding as doubts_deciding
from app.doubts import events as doubts
from app.doubts import looking as doubts_looking
from app.honours import api as honours_api
from app.honours import events as honours
from app.honours import fetching as exports_fetching
from app.honours import picturing, review_api
from app.honours import unwinding as honours_unwinding
from app.identity import api as identity_api
from app.identity import edge as identity_edge
from app.identity import events as identity
from app.identity import (
    moving,
    moving_api,
    passing_api,
    returning_api,
    second_factor_api,
    senders,
    signing_in,
)
from app.identity.actors import ANONYMOUS
from app.kernel import (
    answering,
    events,
    health,
    i18n,
    idempotency,
    jobs,
    limits,
    observing,
    openapi,
    problems,
    traces,
)
from app.kernel import db as database
from app.kernel import settings as settings_module
from app.kernel.bodies import WholeBodies
from app.kernel.cookies import HostCookies, Wsgi
from app.kernel.doors import ClosedDoors, OnlyTls
from app.kernel.errors import BadRequest, Problem
from app.kernel.jobs import Kind
from app.kernel.seats import Seated
from app.kernel.settings import Settings, SettingsError
from app.ledger import api as ledger_api
from app.ledger import budgets, sealing
from app.ledger import events as ledger
from app.ledger import expiring as points_expiring
from app.media import api as media_api
from app.media import forgetting
from app.notices import accounts as account_notices
from app.notices import activities as activity_notices
from app.notices import api as notices_api
from app.notices import cases as case_notices
from app.notices import doubts as doubt_notices
from app.notices import honours as honour_notices
from app.notices import reminding
from app.notices import subscribers as notices
from app.places import api as places_api
from app.rewards import api as rewards_api
from app.rewards import events as rewards
from app.rewards.books import api as rewards_books_api
from app.rewards.books import settling as rewards_settling
from app.rewards.merchants import api as merchants_api
from app.rewards.merchants import settling as merchants_settling
from app.rules import api as rules_api
from app.rules import awarding, paying
from app.rules import events as rules
from app.rules import reversing as rules_reversing
from app.rules import together as rules_together
from app.rules import trying as rules_trying
from app.scans import api as scans_api
from app.sync import api as sync_api
from app.sync import settling, sparing
from app.volunteering import api as volunteering_api
from app.volunteering import attendance, organising
from app.volunteering import events as volunteering
from app.web import looks as web
from app.web import pages
from app.web.edge import error_page

VERSION = "0.1.0"
MAX_BODY_BYTES = 12 * 1024 * 1024

# Every package that speaks HTTP, from the bottom floor up.
APIS = (
    places_api.api,
    identity_api.api,
    moving_api.api,
    second_factor_api.api,
    passing_api.api,
    returning_api.api,
    audit_api.api,
    codes_api.api,
    ledger_api.api,
    media_api.api,
    checkins_api.api,
    volunteering_api.api,
    cases_api.api,
    rewards_api.api,
    rewards_books_api.api,
    merchants_api.api,
    rules_api.api,
    doubts_api.api,
    honours_api.api,
    review_api.api,
    notices_api.api,
    scans_api.api,
    sync_api.api,
)

HALF_MINUTE, MINUTE, HOUR = 30, 60, 3600
# What is done later, by itself or because a use case asked for it; `kernel.working` does it.
JOBS = (
    Kind("remind-of-vouchers", reminding.remind_of_vouchers, every_s=MINUTE),
    Kind("expire-vouchers", sparing.expire_due, every_s=MINUTE),
    Kind("move-numbers", moving.move_due, every_s=MINUTE),
    Kind("settle-stations", rewards_settling.settle_due, every_s=HOUR),
    Kind("settle-merchants", merchants_settling.settle_merchants_due, every_s=HOUR),
    Kind("tell-of-points-expiring", points_expiring.tell_due, every_s=MINUTE),
    Kind("seal-ledger", sealing.seal_new, every_s=HALF_MINUTE),
    Kind("warn-of-budgets", budgets.warn_due, every_s=MINUTE),
    Kind("expire-points", points_expiring.expire_due, every_s=MINUTE),
    Kind("close-forgotten-sign-outs", attendance.close_forgotten, every_s=MINUTE),
    Kind("end-activities", organising.end_activities, every_s=MINUTE),
    Kind("escalate-cases", deadlines.escalate_due, every_s=MINUTE),
    Kind("close-unanswered-cases", deadlines.close_unanswered, every_s=MINUTE),
    Kind("settle-awards-of-a-past-date", paying.settle_due, every_s=MINUTE),
    Kind("pay-queued-awards", paying.pay_queued, every_s=MINUTE),
    Kind("look-for-doubts", doubts_looking.look_for_doubts, every_s=MINUTE),
    Kind("lapse-doubts", doubts_deciding.lapse_due, every_s=MINUTE),
    Kind("settle-offline-items", settling.settle_ripe, every_s=MINUTE),
    Kind("forget-limit-counters", limits.forget_past_windows, every_s=MINUTE),
    Kind("forget-sign-in-codes", signing_in.forget_codes, every_s=HOUR),
    Kind("forget-idempotency-keys", idempotency.forget_old, every_s=HOUR),
    Kind(exports_fetching.MAKE, exports_fetching.make_file, tries=3, long=True),
    Kind(rules_trying.TRY, rules_trying.carry_out, tries=3, long=True),
    Kind("settle-lost-dry-runs", rules_trying.settle_lost, every_s=MINUTE),
    Kind("forget-places", cases_forgetting.forget_places, every_s=HOUR),
    Kind("forget-unused-photos", forgetting.forget_unused, every_s=HOUR),
    Kind("erase-gone-photos", forgetting.erase_gone, every_s=HALF_MINUTE),
    Kind("forget-exports", exports_fetching.forget_expired, every_s=HOUR),
    Kind("forget-done-jobs", jobs.forget_done, every_s=HOUR),
)


# Who hears of what, in this order, in the same transaction: rules mint, then notices tell. A third function hears of
# many that happened together, and must come to the same.
SUBSCRIPTIONS: tuple[events.Subscription, ...] = (
    (identity.AccountClosed, picturing.on_account_closed),
    (identity.PhoneEnded, codes_enrolling.on_phone_gone),
    (identity.PhoneEnded, audit.on_phone_ended),
    (identity.PhoneEnded, account_notices.on_phone_ended),
    (codes.SeenInTwoPlaces, audit.on_two_places),
    (codes.SeenInTwoPlaces, account_notices.on_two_places),
    (identity.MoveAsked, audit.on_move),
    (identity.MoveAsked, account_notices.on_move_asked),
    (identity.MoveConfirmed, audit.on_move),
    (identity.MoveRefused, audit.on_move),
    (identity.MoveRefused, account_notices.on_move_refused),
    (identity.NumberMoved, codes_enrolling.on_phone_gone),
    (identity.NumberMoved, audit.on_move),
    (identity.NumberMoved, account_notices.on_number_moved),
    (identity.ReturnAsked, audit.on_return),
    (identity.ReturnAsked, account_notices.on_return_asked),
    (identity.ReturnConfirmed, audit.on_return),
    (identity.ReturnRefused, audit.on_return),
    (identity.ReturnRefused, account_notices.on_return_refused),
    (identity.ReturnInvited, audit.on_return),
    (identity.RiderReturned, codes_enrolling.on_phone_gone),
    (identity.RiderReturned, audit.on_return),
    (identity.RiderReturned, account_notices.on_rider_returned),
    (checkins.CheckedIn, awarding.on_checked_in, rules_together.on_all_checked_in),
    (checkins.CheckinAnnulled, awarding.on_checkin_annulled),
    (cases.CaseAccepted, awarding.on_case_accepted),
    (cases.CaseResolved, awarding.on_case_resolved),
    (cases.CaseMerged, doubts_deciding.on_report_over),
    (cases.CaseMerged, awarding.on_case_merged),
    (cases.CaseRejected, doubts_deciding.on_report_over),
    (cases.CaseRejected, awarding.on_case_rejected),
    (cases.CaseWithdrawn, doubts_deciding.on_report_over),
    (cases.CaseWithdrawn, awarding.on_case_rejected),
    (cases.CaseClosed, awarding.on_case_closed),
    (cases.CaseReopened, awarding.on_case_reopened),
    (volunteering.HoursConfirmed, awarding.on_hours_confirmed),
    (volunteering.TrainingFinished, awarding.on_training_finished),
    (ledger.BudgetFunded, awarding.on_budget_funded),
    (ledger.ReversalAsked, rules_reversing.on_reversal_asked),
    (ledger.ReversalAsked, audit.on_reversal),
    (ledger.ReversalAsked, notices.on_reversal_asked),
    (ledger.ReversalAgreed, rules_reversing.on_reversal_asked),
    (ledger.ReversalRefused, audit.on_reversal),
    (ledger.EntryReversed, rules_reversing.on_entry_reversed),
    (ledger.EntryReversed, audit.on_reversal),
    (ledger.EntryReversed, notices.on_entry_reversed),
    (ledger.PolicyEvent, audit.on_policy),
    (ledger.CorrectionAsked, audit.on_correction),
    (ledger.CorrectionAsked, notices.on_correction_asked),
    (ledger.CorrectionRefused, audit.on_correction),
    (ledger.PointsCorrected, audit.on_correction),
    (rules.PointsAwarded, notices.on_points_awarded),
    (rules.AwardQueued, notices.on_award_queued),
    (rules.AwardSettled, notices.on_award_settled),
    (rules.AwardGivenBack, notices.on_award_given_back),
    (rules.UnwindingAgreed, honours_unwinding.on_unwinding_agreed),
    (rules.FactFoundVoid, doubts_deciding.on_fact_found_void),
    (rules.UnwindingRefused, doubts_deciding.on_unwinding_refused),
    (rules.FactUnwound, honours_unwinding.on_fact_unwound),
    (rules.FactUnwound, notices.on_fact_unwound),
    (rules.PointsNotAwarded, notices.on_points_not_awarded),
    (ledger.PointsCorrected, notices.on_points_corrected),
    (ledger.BookExported, audit.on_exported),
    (identity.Appointed, audit.on_appointed),
    (identity.RoleTakenBack, audit.on_role_taken_back),
    (identity.SecondFactorChanged, audit.on_second_factor),
    (identity.PasswordPassed, audit.on_password_passed),
    (identity.PasswordPassed, account_notices.on_password_passed),
    (ledger.BudgetRanLow, notices.on_budget_ran_low),
    (ledger.PointsExpiring, notices.on_points_expiring),
    (ledger.PointsExpired, notices.on_points_expired),
    (ledger.DebtWrittenOff, notices.on_debt_written_off),
    (ledger.DebtPaid, notices.on_debt_paid),
    (cases.CaseAccepted, case_notices.on_case_accepted),
    (cases.CaseResolved, case_notices.on_case_resolved),
    (cases.CaseMerged, case_notices.on_case_merged),
    (cases.CaseRejected, case_notices.on_case_rejected),
    (cases.CaseReopened, case_notices.on_case_reopened),
    (cases.CaseOverdue, case_notices.on_case_overdue),
    (volunteering.ActivityCancelled, activity_notices.on_activity_cancelled),
    (volunteering.ActivityVoided, activity_notices.on_activity_voided),
    (volunteering.HoursConfirmed, notices.on_hours_confirmed),
    (volunteering.HoursRejected, doubts_deciding.on_hours_rejected),
    (volunteering.HoursRejected, notices.on_hours_rejected),
    (rewards.RewardCancelled, notices.on_reward_cancelled),
    (rewards.RewardExpired, notices.on_reward_expired),
    (rewards.RedemptionUndone, notices.on_redemption_undone),
    (rewards.ReservedOnBehalf, notices.on_reserved_on_behalf),
    (rewards.RewardRefunded, notices.on_reward_refunded),
    (rewards.RefundDeclined, notices.on_refund_declined),
    (doubts.FactDoubted, doubt_notices.on_fact_doubted),
    (doubts.DoubtUpheld, doubt_notices.on_doubt_upheld),
    (doubts.DoubtGone, doubt_notices.on_doubt_gone),
    (honours.CandidatesChosen, honour_notices.on_candidates_chosen),
    (honours.HonoursGranted, awarding.on_honours_granted),
    (honours.HonoursGranted, honour_notices.on_honours_granted),
    (honours.HonourRevoked, awarding.on_honour_revoked),
    (honours.HonourRevoked, honour_notices.on_honour_revoked),
    (honours.NominationPhotoSent, honour_notices.on_nomination_photo),
    (honours.ReviewerSetAside, honour_notices.on_reviewer_set_aside),
)


def create_app(env: Mapping[str, str] | None = None) -> Flask:
    """The whole product as one WSGI application, configured from the environment."""
    settings = Settings.from_env(os.environ if env is None else env)
    _have_a_folder(settings.data_dir)
    settings_module.use(settings)
    keyring.current()  # a key file that cannot be used stops the start, not the first scan
    observing.configure_logging(settings.log_level)
    app = Flask(__name__, static_folder=None)
    _configure(app, settings)
    observing.watch(app)
    _speak(app)
    _answer_problems(app)
    _mount(app)
    events.wire(SUBSCRIPTIONS)
    jobs.register(JOBS)
    cli.install(app)
    return app


def _have_a_folder(path: Path) -> None:
    """Photos and files are kept there. Raises SettingsError where nobody can write."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"FENGXING_DATA_DIR: {path} cannot be made: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise SettingsError(f"FENGXING_DATA_DIR: {path} cannot be written to")


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=50,
        FENGXING=settings,
    )
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # an address with a stray slash is unknown, not an HTML redirect
    app.wsgi_app = doors(app.wsgi_app, settings)  # type: ignore[method-assign, assignment]
    database.install(app, settings.database_url)
    Migrate(
        app,
        database.db,
        directory=str(Path(app.root_path).parent / "migrations"),
        render_as_batch=True,
        compare_type=True,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    if settings.redis_url:
        app.extensions["redis"] = limits.connect(settings.redis_url)
    identity_edge.install(app, settings)
    answering.set_authenticator(identity_edge, visitor=ANONYMOUS)
    traces.set_tracer(audit.look)
    senders.choose("console" if not settings.is_production else "none")


def doors(inner: Wsgi, settings: Settings) -> Wsgi:
    """What stands around the application, from the inside out."""
    if settings.secure_cookies:
        inner = OnlyTls(inner)
    inner = WholeBodies(Seated(inner), most=MAX_BODY_BYTES)  # who sends slowly takes no seat
    inner = ClosedDoors(inner, version=VERSION, only_tls=settings.secure_cookies)
    if settings.secure_cookies:
        inner = HostCookies(inner)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        inner = ProxyFix(inner, x_for=hops, x_proto=hops, x_host=hops)
    return inner


def _speak(app: Flask) -> None:
    @app.before_request
    def choose_language() -> None:
        chosen = request.cookies.get("lang", "") if "HTTP_COOKIE" in request.environ else ""
        if chosen not in i18n.LOCALES:  # nobody chose that here
            chosen = i18n.choose(request.environ.get("HTTP_ACCEPT_LANGUAGE"))
        i18n.set_locale(chosen)
        asked = request.environ.get("QUERY_STRING", "")
        if "\x00" in request.path or "\x00" in asked or "%00" in asked:
            raise BadRequest


def _answer_problems(app: Flask) -> None:
    @app.errorhandler(Problem)
    def answer_problem(problem: Problem) -> Response:
        return error_page(problem) if web.wants_page() else problems.response_for(problem)

    @app.errorhandler(HTTPException)
    def answer_http(error: HTTPException) -> Response:
        if error.code is not None and 300 <= error.code < 400:
            return error.get_response()  # type: ignore[return-value]
        return web.page_for_http(error) if web.wants_page() else problems.response_for_http(error)


def _mount(app: Flask) -> None:
    app.register_blueprint(health.blueprint)
    for api in APIS:
        app.register_blueprint(api)
    app.extensions["openapi"] = openapi.describe(app, APIS, version=VERSION)
    web.install(app)
    for group in pages.ALL:
        app.register_blueprint(group)
