-- Who may do what. docs/architecture.md holds the same as a table, and a test compares that
-- with the catalogue. PUBLIC has nothing. Partitions carry no grants: they are reached through
-- their parents only.

REVOKE ALL ON SCHEMA signet FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA signet FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA signet FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA signet REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;
GRANT USAGE ON SCHEMA signet TO signet_server, signet_signer, signet_status;
GRANT SELECT ON schema_version, issuer, identity, certificate, signature, revocation
    TO signet_server, signet_signer, signet_status;
GRANT INSERT ON audit_event TO signet_server, signet_signer, signet_status;

GRANT SELECT ON enrol_token, blocked_key, grant_use, certificate_use, crl_shard, crl, policy,
    retention, audit_event TO signet_server;
GRANT INSERT ON identity, enrol_token, blocked_key, certificate_use, revocation, policy
    TO signet_server;
GRANT UPDATE (state, owner, names, changed_at) ON identity TO signet_server;
GRANT EXECUTE ON FUNCTION partition_make(integer), partition_remove(integer, integer),
    purge(timestamptz, integer) TO signet_server;

GRANT SELECT ON enrol_token, blocked_key, grant_use, certificate_use, crl_shard, crl, policy
    TO signet_signer;
GRANT INSERT ON grant_use, certificate, signature, crl_shard, crl TO signet_signer;
GRANT UPDATE (share_lock) ON identity TO signet_signer;
GRANT UPDATE (number, published_at) ON crl_shard TO signet_signer;
GRANT UPDATE (der) ON crl TO signet_signer;
