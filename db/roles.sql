-- The four roles of the database. Run once by a superuser, in any database; again is harmless.
-- They log in over the Unix socket by peer authentication (pg_ident.conf maps the users), so none
-- has a password. signet_owner owns the database; no running program connects as it.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['signet_owner', 'signet_server', 'signet_signer', 'signet_status']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            EXECUTE pg_catalog.format(
                'CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', wanted);
        END IF;
    END LOOP;
END
$$;
