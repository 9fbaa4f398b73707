-- Rules that hold whoever writes, and the few acts that need the owner's right. Every function has
-- a fixed search_path; those that act as the owner decide by the database's own clock.

-- An identity keeps its name and kind; revoked is final; active and suspended may alternate.
CREATE FUNCTION identity_check_update() RETURNS trigger
LANGUAGE plpgsql SET search_path = signet, pg_temp AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.kind <> OLD.kind
       OR NEW.created_at <> OLD.created_at THEN
        RAISE EXCEPTION 'identity %: id, name, kind and creation do not change', OLD.name
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'revoked' AND NEW.state <> 'revoked' THEN
        RAISE EXCEPTION 'identity % is revoked for ever', OLD.name
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER identity_check_update BEFORE UPDATE ON identity
    FOR EACH ROW EXECUTE FUNCTION identity_check_update();

-- Revocation is monotone. The writer needs INSERT only: a second revocation of a serial inserts
-- nothing, raises the reason to keyCompromise (1) when it says so, and leaves an audit row when it
-- differs from the first. The identity's row is locked here as well, so that a revocation by a
-- program that forgot to do so still comes wholly before or wholly after a recording.
CREATE FUNCTION revocation_keep_first() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = signet, pg_temp AS $$
DECLARE
    of_row certificate;
    standing revocation;
BEGIN
    SELECT * INTO of_row FROM certificate c
        WHERE c.serial = NEW.serial AND c.issuer = NEW.issuer;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no certificate with this serial' USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM FROM identity i WHERE i.id = of_row.identity FOR UPDATE;
    SELECT * INTO standing FROM revocation r
        WHERE r.serial = NEW.serial AND r.issuer = NEW.issuer;
    IF NOT FOUND THEN
        NEW.not_after := of_row.not_after;
        NEW.shard := of_row.shard;
        NEW.changed_at := greatest(clock_timestamp(), NEW.revoked_at);
        RETURN NEW;
    END IF;
    IF NEW.reason = 1 AND standing.reason <> 1 THEN
        UPDATE revocation r SET reason = 1, changed_at = greatest(clock_timestamp(), NEW.revoked_at)
            WHERE r.serial = NEW.serial AND r.issuer = NEW.issuer;
    END IF;
    IF NEW.revoked_at <> standing.revoked_at OR NEW.reason <> standing.reason THEN
        INSERT INTO audit_event (at, actor, action, object, outcome, rule, request_id, address,
                                 detail, count)
        VALUES (clock_timestamp(), NEW.revoked_by, 'revocation.repeat', encode(NEW.serial, 'hex'),
                CASE WHEN NEW.reason = 1 AND standing.reason <> 1 THEN 'done' ELSE 'refused' END,
                'revocation.first_stands', '', '',
                format('stands: %s reason %s; asked: %s reason %s', standing.revoked_at,
                       standing.reason, NEW.revoked_at, NEW.reason), 1);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER revocation_keep_first BEFORE INSERT ON revocation
    FOR EACH ROW EXECUTE FUNCTION revocation_keep_first();

CREATE FUNCTION revocation_check_update() RETURNS trigger
LANGUAGE plpgsql SET search_path = signet, pg_temp AS $$
BEGIN
    IF (NEW.serial, NEW.issuer, NEW.shard, NEW.not_after, NEW.revoked_at, NEW.revoked_by)
           IS DISTINCT FROM
       (OLD.serial, OLD.issuer, OLD.shard, OLD.not_after, OLD.revoked_at, OLD.revoked_by)
       OR (NEW.reason <> OLD.reason AND NEW.reason <> 1) THEN
        RAISE EXCEPTION 'a revocation keeps its first time and reason'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER revocation_check_update BEFORE UPDATE ON revocation
    FOR EACH ROW EXECUTE FUNCTION revocation_check_update();

-- Numbers of a CRL only rise (RFC 5280 section 5.2.3), and a stored one is not exchanged.
CREATE FUNCTION crl_shard_check_update() RETURNS trigger
LANGUAGE plpgsql SET search_path = signet, pg_temp AS $$
BEGIN
    IF NEW.number < OLD.number THEN
        RAISE EXCEPTION 'CRL number % is not above %', NEW.number, OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER crl_shard_check_update BEFORE UPDATE ON crl_shard
    FOR EACH ROW EXECUTE FUNCTION crl_shard_check_update();

CREATE FUNCTION crl_check_update() RETURNS trigger
LANGUAGE plpgsql SET search_path = signet, pg_temp AS $$
BEGIN
    IF NEW.der IS NOT NULL AND OLD.der IS NOT NULL AND NEW.der <> OLD.der THEN
        RAISE EXCEPTION 'CRL % is stored already', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER crl_check_update BEFORE UPDATE ON crl
    FOR EACH ROW EXECUTE FUNCTION crl_check_update();

-- First serial of a day of expiry.
CREATE FUNCTION serial_of_day(day integer) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = signet, pg_temp AS $$
    SELECT set_byte(set_byte('\x510000'::bytea, 1, day / 256), 2, day % 256)
$$;

-- A partition holds seven days of expiry, counted from 1970: with one for each day the locks that a
-- generic plan takes on all partitions cost more than the look-up itself.

-- Makes the partitions of one week of expiry; false when they are there. CREATE and then ATTACH,
-- which takes no lock that an insert or a reader minds (CREATE TABLE ... PARTITION OF does).
CREATE FUNCTION partition_make(week integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = signet, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    today integer := floor(extract(epoch FROM clock_timestamp()) / 86400);
    parent text;
BEGIN
    IF week NOT BETWEEN greatest(today - 800, 0) / 7 AND least(today + 4000, 65527) / 7 THEN
        RAISE EXCEPTION 'no partition is made for week %, this is week %', week, today / 7
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('signet partitions', 0));
    IF to_regclass(format('signet.certificate_w%s', week)) IS NOT NULL THEN
        RETURN false;
    END IF;
    FOREACH parent IN ARRAY ARRAY['certificate', 'signature'] LOOP
        EXECUTE format('CREATE TABLE signet.%I (LIKE signet.%I INCLUDING DEFAULTS INCLUDING '
                       'CONSTRAINTS INCLUDING STORAGE)', parent || '_w' || week, parent);
        EXECUTE format('ALTER TABLE signet.%I ATTACH PARTITION signet.%I FOR VALUES FROM (%L) TO (%L)',
                       parent, parent || '_w' || week, serial_of_day(week * 7),
                       serial_of_day(week * 7 + 7));
    END LOOP;
    RETURN true;
END
$$;

-- Removes the partitions of one week of expiry with the revocations and uses in it; false when that
-- week is not there. Refuses unless its last day and the retention are past by the database's own
-- clock; the retention asked for counts only where it is longer than the one of the table.
-- DETACH ... CONCURRENTLY cannot run in a function, and the job that calls this must not own the
-- tables. So the partition is dropped whole, which takes the strongest lock on the parent: under a
-- lock timeout so short that a reader in its way delays others by no more than that. Whoever
-- calls tries again later.
CREATE FUNCTION partition_remove(week integer, retention_days integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = signet, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
    keep integer;
    today integer := floor(extract(epoch FROM clock_timestamp()) / 86400);
BEGIN
    SELECT greatest(retention_days, r.certificate_days) INTO STRICT keep FROM retention r;
    IF week * 7 + 6 + keep >= today THEN
        RAISE EXCEPTION 'the partition of week % is kept for % days after it, today is day %',
            week, keep, today USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('signet partitions', 0));
    IF to_regclass(format('signet.certificate_w%s', week)) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE signet.%I', 'signature_w' || week);
    EXECUTE format('DROP TABLE signet.%I', 'certificate_w' || week);
    DELETE FROM certificate_use u WHERE u.serial >= serial_of_day(week * 7)
                                    AND u.serial < serial_of_day(week * 7 + 7);
    DELETE FROM revocation r WHERE r.serial >= serial_of_day(week * 7)
                               AND r.serial < serial_of_day(week * 7 + 7);
    RETURN true;
END
$$;

-- Who wrote an audit row is what the database knows, whatever the writer says.
CREATE FUNCTION audit_event_sign() RETURNS trigger
LANGUAGE plpgsql SET search_path = signet, pg_temp AS $$
BEGIN
    NEW.written_by := session_user;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_event_sign BEFORE INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_sign();

-- Deletes what has ended: tokens, grants, digests of CRLs that were replaced, audit rows. At most
-- 50,000 rows of each in one call, so that no transaction is long. Returns the number of rows.
CREATE FUNCTION purge(as_of timestamptz, audit_days integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = signet, pg_temp AS $$
DECLARE
    past timestamptz := least(as_of, clock_timestamp());
    kept retention;
    most constant integer := 50000;
    gone bigint;
    total bigint := 0;
BEGIN
    SELECT * INTO STRICT kept FROM retention;
    DELETE FROM enrol_token t WHERE t.hash IN (
        SELECT hash FROM enrol_token
        WHERE expires_at < past - make_interval(days => kept.certificate_days) LIMIT most);
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM grant_use g WHERE g.grant_key IN (
        SELECT grant_key FROM grant_use
        WHERE expires_at < past - make_interval(days => kept.certificate_days) LIMIT most);
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM crl d WHERE (d.issuer, d.shard, d.number) IN (
        SELECT c.issuer, c.shard, c.number FROM crl c JOIN crl_shard s USING (issuer, shard)
        WHERE c.der IS NULL AND c.number < s.number
          AND c.next_update < past - make_interval(days => kept.certificate_days) LIMIT most);
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM audit_event a WHERE a.id IN (
        SELECT id FROM audit_event
        WHERE at < past - make_interval(days => greatest(audit_days, kept.audit_days)) LIMIT most);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN total + gone;
END
$$;
