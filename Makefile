# Two commands are all one needs: `make run` and `make test`. Each sets up what it needs and says so.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
WITHOUT ?=
HOURS ?= 1
ONLY ?=
export HOST PORT WITHOUT HOURS ONLY

.PHONY: run test check format audit bench exports bench-codes codes-attack faults soak offline-orders mutants mutants-at-random vendor lock clean help python

run: python ## serve the demo city on http://127.0.0.1:8000 (HOST=0.0.0.0 for phones in the same network, PORT=8001)
	@$(PYTHON) -m tools.run

test: python ## run everything: checks, SQLite, PostgreSQL + Redis, Chromium (WITHOUT=browser,redis,postgres leaves parts out)
	@$(PYTHON) -m tools.suite

check: python ## formatting, lint, types and import directions
	@$(PYTHON) -m tools.check

format: python ## mend formatting and what lint can mend
	@$(PYTHON) -m tools.within ruff check --fix --quiet --exit-zero .
	@$(PYTHON) -m tools.within ruff format .

bench: python ## measure every hot path beside its ceiling; table and JSON in bench/results (FULL=1 for the named sizes, ONLY=paths)
	@$(PYTHON) -m tools.within --needs postgres,redis bench

faults: python ## kill, fill, slow and restore real servers, and hold the answers against the books (SEED=1, ONLY=kills, NAMED=1 for the large numbers, FAULTS_WITHOUT=disks)
	@$(PYTHON) -m tools.within --needs postgres,redis,faketime faults

soak: python ## the same in large, then kills again and again for HOURS=1 (or SOAK_MINUTES=10)
	@$(PYTHON) -m tools.within --needs postgres,redis,faketime faults --soak

offline-orders: python ## one day of 50 offline devices told in ORDERS=100 orders of a bad network (ITEMS=10000 SEED=1 DATABASE=postgresql); all must end the same
	@$(PYTHON) -m tools.within faults.orders

mutants: python ## plant a bug for each invariant and guard in a copy; each must be caught (ONLY=ledger, ONLY=ledger.overdraft, ONLY=simulator)
	@$(PYTHON) -m tools.within --needs postgres mutants

mutants-at-random: python ## bugs nobody chose in ONLY=ledger (any packages of app/), COUNT=40 of SEED=1; prints those no test caught
	@$(PYTHON) -m tools.within mutants.at_random

audit: python ## ask the package indexes for known holes in what is locked (needs indexes that answer)
	@$(PYTHON) -m tools.audit

exports: python ## make every export of an honour roll and read it as its readers do (NAMES=10000 ROWS=100000); prints promise → figure → verdict
	@$(PYTHON) -m tools.within --needs pdftotext,office bench.exports

bench-codes: python ## draw codes, spoil them, read them with two decoders (COUNT=100 pictures a cell); prints the table
	@$(PYTHON) -m tools.within --needs zbar bench.codes

codes-attack: python ## random and mutated codes against the verifier (N=10000000); none may be accepted
	@$(PYTHON) -m tools.within bench.attack

vendor: python ## bring the browser libraries (again)
	@$(PYTHON) -c 'from tools import progress, vendor; progress.start(lambda: vendor.ensure(required=True) or 0)'

lock: python ## pin the requirements and browser libraries anew from requirements/*.in and package.json
	@$(PYTHON) -m tools.lock

clean: ## remove what the set-up made; the instance's own data in var/ stays, except its logs
	rm -rf .venv node_modules app/web/static/vendor var/log .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find app bench faults migrations mutants simulator tests tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1	/' | expand -t 14

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	{ echo "Fengxing needs Python 3.11 or newer (on Debian 12: apt-get install python3), or name one: make run PYTHON=python3.12" >&2; exit 1; }
