-- A right to INSERT into all columns is also one to choose the number that the table gives (OVERRIDING
-- SYSTEM VALUE): a server in the wrong hands could take the coming numbers of the audit trail, and
-- the refusals of the signers would find no place; or the last version that a policy can have.
REVOKE INSERT ON audit_event FROM signet_server, signet_signer, signet_status;
GRANT INSERT (at, actor, action, object, outcome, rule, request_id, address, detail, count)
    ON audit_event TO signet_server, signet_signer, signet_status;
REVOKE INSERT ON identity, policy FROM signet_server;
GRANT INSERT (name, kind, owner, state, profile, roles, names, created_at, changed_at) ON identity
    TO signet_server;
GRANT INSERT (document, created_by) ON policy TO signet_server;

-- A revocation stays as it came: a time that no CRL and no OCSP answer can write (infinity, the year
-- 20000) would end both for ever.
ALTER TABLE revocation
    ADD CONSTRAINT revocation_revoked_at_check
        CHECK (revoked_at >= '1970-01-01 00:00Z' AND revoked_at < '9999-12-31 00:00Z'),
    ADD CONSTRAINT revocation_invalid_at_check
        CHECK (invalid_at >= '1970-01-01 00:00Z' AND invalid_at < '9999-12-31 00:00Z');
