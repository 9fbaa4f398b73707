# Java: the PKIX validator with OCSP, with CRLs fetched and given, and JSSE as client of the server.
. "$(dirname "$0")/lib.sh"
command -v java >/dev/null || need /no/java "a JDK"

enroll kept dns:kept.example.internal
enroll lost dns:lost.example.internal
revoke lost keyCompromise
crls crls.pem
java -XX:TieredStopAtLevel=1 -Dcom.sun.security.enableCRLDP=true -Djdk.security.certpath.ocspNonce=true \
    "$judges_source/PkixJudge.java" "$SIGNET_ROOT" crls.pem "$SIGNET_SERVER" kept.pem kept.key lost.pem lost.key
