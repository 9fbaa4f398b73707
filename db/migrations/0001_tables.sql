-- The tables. Times are timestamptz; hashes are SHA-256; names of identities are SPIFFE paths.
-- No foreign keys on what is written at each issuance: the recorder has the identity row locked
-- already, nobody may delete identities or issuers, and a check per row would cost a lock each.

CREATE TABLE issuer (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    kind         text NOT NULL CHECK (kind IN ('root', 'issuing')),
    trust_domain text NOT NULL CHECK (octet_length(trust_domain) BETWEEN 1 AND 255),
    state        text NOT NULL CHECK (state IN ('active', 'retired', 'compromised')),
    key_uri      text NOT NULL CHECK (octet_length(key_uri) BETWEEN 1 AND 511),
    parent       integer REFERENCES issuer,
    not_before   timestamptz NOT NULL,
    not_after    timestamptz NOT NULL,
    certificate  bytea NOT NULL CHECK (octet_length(certificate) BETWEEN 1 AND 4096),
    -- what every certificate of this issuer carries; empty for a root
    crl_url        text NOT NULL CHECK (octet_length(crl_url) <= 255),
    ocsp_url       text NOT NULL CHECK (octet_length(ocsp_url) <= 255),
    ca_issuers_url text NOT NULL CHECK (octet_length(ca_issuers_url) <= 255),
    CHECK (not_after > not_before),
    CHECK ((kind = 'root') = (parent IS NULL))
);

CREATE TABLE identity (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text COLLATE "C" NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 255),
    kind       text NOT NULL CHECK (kind IN ('workload', 'admin', 'server', 'responder')),
    owner      text NOT NULL CHECK (btrim(owner) <> '' AND octet_length(owner) <= 255),
    state      text NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')),
    profile    text NOT NULL CHECK (octet_length(profile) BETWEEN 1 AND 64),
    roles      text NOT NULL
               CHECK (roles ~ '^((admin|revoker|enroller|auditor)(,(admin|revoker|enroller|auditor))*)?$'),
    names      text[] NOT NULL
               CHECK (cardinality(names) <= 16 AND array_position(names, NULL) IS NULL),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    -- Locking a row FOR SHARE needs the right to UPDATE some column of it. The signer gets this one,
    -- which nothing reads.
    share_lock smallint NOT NULL DEFAULT 0,
    CHECK ((kind = 'admin') = (name LIKE 'admin/%')),
    CHECK ((kind IN ('server', 'responder')) = (name LIKE 'signet/%')),
    CHECK (kind = 'admin' OR roles = '')
);
CREATE INDEX identity_owner ON identity (owner);

CREATE TABLE enrol_token (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    identity   bigint NOT NULL REFERENCES identity,
    created_by text NOT NULL CHECK (octet_length(created_by) BETWEEN 1 AND 320),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CHECK (expires_at > created_at)
);
CREATE INDEX enrol_token_expires ON enrol_token (expires_at);

CREATE TABLE blocked_key (
    spki_hash  bytea PRIMARY KEY CHECK (octet_length(spki_hash) = 32),
    reason     smallint NOT NULL CHECK (reason BETWEEN 0 AND 10 AND reason NOT IN (7, 8)),
    blocked_by text NOT NULL CHECK (octet_length(blocked_by) BETWEEN 1 AND 320),
    blocked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One row for each authorisation that led to a certificate. expires_at is the latest end of all that
-- could present the grant again: the token, the renewed certificate, and the certificate itself.
CREATE TABLE grant_use (
    grant_key    bytea PRIMARY KEY CHECK (octet_length(grant_key) = 32),
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    issuer       integer NOT NULL,
    serial       bytea NOT NULL CHECK (octet_length(serial) = 19),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX grant_use_expires ON grant_use (expires_at);

-- serial = 51 || day of expiry (two octets) || 16 random octets, so that one partition holds one week
-- of expiry and the serial alone finds it. For the same reason no index on not_after is needed: a
-- range of days is a range of serials.
CREATE TABLE certificate (
    serial         bytea NOT NULL CHECK (octet_length(serial) = 19 AND get_byte(serial, 0) = 81),
    issuer         integer NOT NULL,
    identity       bigint NOT NULL,
    not_before     timestamptz NOT NULL,
    not_after      timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    policy_version bigint NOT NULL CHECK (policy_version >= 0),
    shard          integer NOT NULL CHECK (shard >= 0),
    line_seq       integer NOT NULL CHECK (line_seq >= 0),
    attempt        integer NOT NULL CHECK (attempt >= 0),
    grant_kind     smallint NOT NULL CHECK (grant_kind BETWEEN 1 AND 5),
    grant_key      bytea NOT NULL CHECK (octet_length(grant_key) = 32),
    spki_hash      bytea NOT NULL CHECK (octet_length(spki_hash) = 32),
    profile        text NOT NULL CHECK (octet_length(profile) BETWEEN 1 AND 64),
    requester      text NOT NULL CHECK (octet_length(requester) <= 320),
    request_id     text NOT NULL CHECK (octet_length(request_id) <= 40),
    names          text[] NOT NULL CHECK (cardinality(names) <= 32),
    predecessor    bytea CHECK (octet_length(predecessor) = 19),
    tbs            bytea NOT NULL CHECK (octet_length(tbs) BETWEEN 1 AND 8192),
    PRIMARY KEY (serial, issuer),
    CHECK (not_after > not_before),
    CHECK ((grant_kind = 2) = (predecessor IS NOT NULL)),
    CHECK (get_byte(serial, 1) * 256 + get_byte(serial, 2)
           = floor(extract(epoch FROM not_after) / 86400))
) PARTITION BY RANGE (serial);
CREATE INDEX certificate_identity ON certificate (identity);
CREATE INDEX certificate_spki ON certificate (spki_hash);
-- Without fastupdate: its pending list stopped a batch for 433 ms now and then.
CREATE INDEX certificate_names ON certificate USING gin (names) WITH (fastupdate = off);

-- Insert only: an UPDATE of the certificate row would write it twice.
CREATE TABLE signature (
    serial    bytea NOT NULL CHECK (octet_length(serial) = 19 AND get_byte(serial, 0) = 81),
    issuer    integer NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) BETWEEN 1 AND 512),
    PRIMARY KEY (serial, issuer)
) PARTITION BY RANGE (serial);

-- First use as a client certificate: a successor that was used is not replaced by a retry.
CREATE TABLE certificate_use (
    serial        bytea NOT NULL CHECK (octet_length(serial) = 19),
    issuer        integer NOT NULL,
    first_used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (serial, issuer)
);

-- not_after and shard are copied from the certificate by the trigger, whatever the server says, so
-- that a row cannot be kept off a CRL. changed_at is what the overlapping re-read looks at.
CREATE TABLE revocation (
    serial     bytea NOT NULL CHECK (octet_length(serial) = 19),
    issuer     integer NOT NULL,
    shard      integer NOT NULL,
    not_after  timestamptz NOT NULL,
    revoked_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    invalid_at timestamptz,
    reason     smallint NOT NULL CHECK (reason BETWEEN 0 AND 10 AND reason NOT IN (6, 7, 8)),
    revoked_by text NOT NULL CHECK (octet_length(revoked_by) BETWEEN 1 AND 320),
    PRIMARY KEY (serial, issuer)
);
CREATE INDEX revocation_crl ON revocation (issuer, shard, not_after);
CREATE INDEX revocation_changed ON revocation (changed_at);

-- number: the last one given out. published_at: thisUpdate of the newest that was stored.
CREATE TABLE crl_shard (
    issuer       integer NOT NULL REFERENCES issuer,
    shard        integer NOT NULL CHECK (shard >= 0),
    number       bigint NOT NULL CHECK (number >= 0),
    published_at timestamptz,
    PRIMARY KEY (issuer, shard)
);

-- A row stands before its CRL is signed; der is there for the newest only.
CREATE TABLE crl (
    issuer      integer NOT NULL,
    shard       integer NOT NULL,
    number      bigint NOT NULL CHECK (number > 0),
    tbs_hash    bytea NOT NULL CHECK (octet_length(tbs_hash) = 32),
    this_update timestamptz NOT NULL,
    next_update timestamptz NOT NULL,
    entries     integer NOT NULL CHECK (entries >= 0),
    der         bytea CHECK (octet_length(der) > 0),
    PRIMARY KEY (issuer, shard, number),
    FOREIGN KEY (issuer, shard) REFERENCES crl_shard,
    CHECK (next_update > this_update)
);

CREATE TABLE policy (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document   json NOT NULL CHECK (octet_length(document::text) <= 262144),
    created_by text NOT NULL CHECK (octet_length(created_by) BETWEEN 1 AND 320),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE audit_event (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor      text NOT NULL CHECK (octet_length(actor) BETWEEN 1 AND 320),
    action     text NOT NULL CHECK (octet_length(action) BETWEEN 1 AND 47),
    object     text NOT NULL CHECK (octet_length(object) <= 511),
    outcome    text NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
    rule       text NOT NULL CHECK (octet_length(rule) <= 63),
    request_id text NOT NULL CHECK (octet_length(request_id) <= 40),
    address    text NOT NULL CHECK (octet_length(address) <= 63),
    detail     text NOT NULL CHECK (octet_length(detail) <= 511),
    count      bigint NOT NULL CHECK (count >= 1),
    -- Who really wrote it: the role, not what the row says.
    written_by name NOT NULL DEFAULT session_user
);
CREATE INDEX audit_event_at ON audit_event USING brin (at);
CREATE INDEX audit_event_object ON audit_event (object, id);
CREATE INDEX audit_event_actor ON audit_event (actor, id);

-- The least that is kept, whatever a program asks for. Changed by the owner only.
CREATE TABLE retention (
    only_row         boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    certificate_days integer NOT NULL CHECK (certificate_days >= 1),
    audit_days       integer NOT NULL CHECK (audit_days >= 1)
);
INSERT INTO retention (certificate_days, audit_days) VALUES (7, 90);
