-- The product's own writes, each hot path as ONE function, in the product's own tables with all their triggers, keys and
-- indexes. What pgbench makes of these is the ceiling that the path through HTTP is measured against.
--
-- A function leaves the same rows behind as the product does for one request (tests/bench/test_ceilings.py compares them
-- column by column) and writes each row once, where the product may need two statements. What the product reads and
-- thinks (who calls, which rules are in force, the words of the answer) is not done again: it comes from bench.model,
-- which was learnt from one request that the product answered.

CREATE SCHEMA bench;

CREATE TABLE bench.model (
  name text PRIMARY KEY, station_id uuid, checkin_id uuid, session_id uuid, voucher_id uuid, award_id uuid,
  status int, body text, words jsonb, fields jsonb, explanation jsonb, points int, rule_key text, version_id uuid,
  rule_set_id uuid, rider_period text, station_period text, days int, within_m int, person_id uuid
);

-- Which rider, voucher, … comes next: a request's arguments.
CREATE TABLE bench.inputs (
  series text, n bigint, person_id uuid, station_id uuid, staff_id uuid, handle_id uuid, voucher_id uuid,
  PRIMARY KEY (series, n)
);
-- The one clock of these functions; a test sets it.
CREATE FUNCTION bench.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';

-- A UUIDv7, as the product makes them: rows of one moment lie side by side in an index.
CREATE FUNCTION bench.new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT encode(overlay(uuid_send(gen_random_uuid()) PLACING
    substring(int8send((extract(epoch FROM bench.now()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 'hex')::uuid
$$;

CREATE FUNCTION bench.claim(owner_id uuid, request_key text, answer int, answered text) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO idempotency_keys (id, owner, key, fingerprint, status, body, created_at)
  VALUES (bench.new_id(), replace(owner_id::text, '-', ''), request_key,
          encode(sha256(convert_to(request_key, 'UTF8')), 'hex'), answer, answered, bench.now())
$$;

CREATE FUNCTION bench.book(
  transaction_id uuid, kind text, source text, words jsonb, made_by uuid, payer uuid, payee uuid, points int,
  last_day date, at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- wallets before what many share, as the product locks them
  PERFORM 1 FROM accounts WHERE id IN (payer, payee) ORDER BY accounts.key DESC FOR NO KEY UPDATE;
  INSERT INTO entries (transaction_id, id, account_id, amount, expires_on)
  VALUES (transaction_id, bench.new_id(), payer, -points, NULL),
         (transaction_id, bench.new_id(), payee, points, last_day);
  INSERT INTO ledger_transactions (id, kind, source, words, entry_count, made_by, at)
  VALUES (transaction_id, kind, source, words, 2, made_by, at);
END $$;

-- A fact becomes points: the fact, the caps, the award, the booking.
CREATE FUNCTION bench.award(how text, rider uuid, station uuid, fact uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := bench.now();
  today date := (at AT TIME ZONE 'Asia/Shanghai')::date;
  recorded uuid := bench.new_id();
  award uuid := bench.new_id();
  budget uuid;
  wallet uuid;
  region regions;
  model bench.model;
BEGIN
  SELECT * INTO STRICT model FROM bench.model WHERE name = how;
  SELECT regions.* INTO STRICT region FROM stations JOIN regions ON regions.code = stations.region_code WHERE stations.id = station;
  INSERT INTO first_facts (person_id, kind, day_on, fact_id) VALUES (rider, 'checkin', today, fact);
  INSERT INTO recorded_facts (id, kind, fact_id, stage, person_id, region_code, happened_at, fields, judged_at)
  VALUES (recorded, 'checkin', fact, '', rider, region.code, at,
          model.fields || jsonb_build_object('station', station, 'region', region.path), at);
  INSERT INTO rule_usage (id, rule_set_id, rule_key, subject, period, points, times)
  VALUES (bench.new_id(), model.rule_set_id, model.rule_key, 'rider:' || rider, model.rider_period, model.points, 1);
  INSERT INTO rule_usage (id, rule_set_id, rule_key, subject, period, points, times)
  VALUES (bench.new_id(), model.rule_set_id, model.rule_key, 'station:' || station, model.station_period, model.points, 1)
  ON CONFLICT (rule_set_id, rule_key, subject, period)
  DO UPDATE SET points = rule_usage.points + excluded.points, times = rule_usage.times + 1;
  SELECT id INTO STRICT wallet FROM accounts WHERE key = 'wallet:' || rider;
  SELECT id INTO STRICT budget FROM accounts WHERE key = 'budget:' || region.code || to_char(today, ':YYYY"Q"Q');
  INSERT INTO awards (id, recorded_fact_id, fact_kind, fact_id, person_id, rule_key, version_id, points, usable,
                      expires_after_days, explanation, awarded_at, state, round, funded_at, budget_id)
  VALUES (award, recorded, 'checkin', fact, rider, model.rule_key, model.version_id, model.points, 'at_once',
          model.days, model.explanation, at, 'active', 1, at, budget);
  PERFORM bench.book(bench.new_id(), 'award-given', 'award:' || award || ':1:given',
                     jsonb_set(model.words, '{award_id}', to_jsonb(award::text)), NULL, budget, wallet, model.points,
                     today + model.days, at);
END $$;

-- `how`: poster (the rider scanned the station's poster) or scanned (the station scanned the rider's code).
CREATE FUNCTION bench.check_in(how text, rider uuid, station uuid, staff uuid, handle uuid, request_key text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := bench.now();
  made uuid := bench.new_id();
  opened uuid := bench.new_id();
  answer text;
  model bench.model;
BEGIN
  SELECT * INTO STRICT model FROM bench.model WHERE name = how;
  answer := replace(model.body, model.checkin_id::text, made::text);
  IF handle IS NOT NULL THEN
    answer := replace(answer, model.session_id::text, opened::text);
  END IF;
  PERFORM bench.claim(staff, request_key, model.status, answer);
  IF handle IS NOT NULL THEN
    INSERT INTO scan_sessions (id, handle_id, step, person_id, station_id, opened_by, opened_at)
    VALUES (opened, handle, floor(extract(epoch FROM at) / 30), rider, station, staff, at);
  END IF;
  INSERT INTO checkins (id, person_id, station_id, region_code, window_starts_at, happened_at, arrived_at, how,
                        within_m, recorded_by)
  VALUES (made, rider, station, (SELECT region_code FROM stations WHERE id = station), date_bin('4 hours', at, '2020-01-01 00:00+08'), at, at, how,
          model.within_m, staff);
  PERFORM bench.award(how, rider, station, made);
END $$;

-- A voucher is handed over: its state, the shelf, the hold, the booking to the station.
CREATE FUNCTION bench.redeem(voucher uuid, station uuid, staff uuid, request_key text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := bench.now();
  booked uuid := bench.new_id();
  cause text := 'voucher:' || voucher || ':handed-over';
  owed_to uuid;
  turned record;
  captured record;
  model bench.model;
BEGIN
  SELECT * INTO STRICT model FROM bench.model WHERE name = 'redeem';
  PERFORM bench.claim(staff, request_key, model.status, replace(model.body, model.voucher_id::text, voucher::text));
  UPDATE vouchers SET state = 'handed_over', open_slot = NULL, handed_over_at = now_at, handed_over_by = staff
  WHERE id = voucher AND state = 'reserved' AND station_id = station AND expires_at > now_at
  RETURNING stock_id, hold_id INTO STRICT turned;
  INSERT INTO stock_movements (id, stock_id, kind, quantity, voucher_id, by_id, at)
  VALUES (bench.new_id(), turned.stock_id, 'hand_over', -1, voucher, staff, now_at);
  UPDATE holds SET state = 'captured', captured_points = points, end_source = cause, ended_by = staff,
                   ended_at = now_at, transaction_id = booked
  WHERE id = turned.hold_id AND state = 'held' AND expires_at > now_at
  RETURNING account_id, captured_points INTO STRICT captured;
  SELECT id INTO STRICT owed_to FROM accounts WHERE key = 'settlement:' || station;
  INSERT INTO entries (transaction_id, id, account_id, amount)
  VALUES (booked, bench.new_id(), captured.account_id, -captured.captured_points),
         (booked, bench.new_id(), owed_to, captured.captured_points);
  INSERT INTO ledger_transactions (id, kind, source, words, entry_count, made_by, at)
  VALUES (booked, 'redemption', cause, jsonb_set(model.words, '{voucher_id}', to_jsonb(voucher::text)), 2, staff, now_at);
END $$;

-- What pgbench calls: the next input of a series, through the path. An empty series is an error, not a fast answer.
CREATE FUNCTION bench.next_redeem(of_series text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  next_n bigint := nextval('bench.next_' || of_series);
  given bench.inputs;
BEGIN
  SELECT * INTO STRICT given FROM bench.inputs WHERE series = of_series AND n = next_n;
  PERFORM bench.redeem(given.voucher_id, given.station_id, given.staff_id, 'bench-' || given.voucher_id);
END $$;

CREATE FUNCTION bench.next_check_in(of_series text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  next_n bigint := nextval('bench.next_' || of_series);
  given bench.inputs;
BEGIN
  SELECT * INTO STRICT given FROM bench.inputs WHERE series = of_series AND n = next_n;
  PERFORM bench.check_in(CASE WHEN given.handle_id IS NULL THEN 'poster' ELSE 'scanned' END, given.person_id,
                         given.station_id, given.staff_id, given.handle_id, 'bench-' || given.person_id);
END $$;

CREATE FUNCTION bench.next_award(of_series text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  next_n bigint := nextval('bench.next_' || of_series);
  given bench.inputs;
BEGIN
  SELECT * INTO STRICT given FROM bench.inputs WHERE series = of_series AND n = next_n;
  PERFORM bench.award('poster', given.person_id, given.station_id, bench.new_id());
END $$;
