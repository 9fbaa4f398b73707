-- A partition is not removed before a CRL was published after the end of everything revoked in it
-- (RFC 5280 section 3.3): were CRLs not built for longer than the retention, the revocation of a
-- certificate that expired meanwhile would never have been on its last list. An issuer whose own
-- certificate has ended publishes no more and holds up nothing.
CREATE OR REPLACE FUNCTION partition_remove(week integer, retention_days integer) RETURNS boolean
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
    IF EXISTS (SELECT FROM revocation r
               JOIN issuer i ON i.id = r.issuer AND i.not_after > clock_timestamp()
               LEFT JOIN crl_shard s ON s.issuer = r.issuer AND s.shard = r.shard
               WHERE r.serial >= serial_of_day(week * 7) AND r.serial < serial_of_day(week * 7 + 7)
                 AND r.not_after + interval '5 minutes' >= coalesce(s.published_at, '-infinity')) THEN
        RAISE EXCEPTION 'no CRL was published after the end of what is revoked in week %', week
            USING ERRCODE = 'object_not_in_prerequisite_state';
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
