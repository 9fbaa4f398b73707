# Go: crypto/x509 over chain and CRLs, crypto/tls as client of the server and as both ends between
# two workloads.
. "$(dirname "$0")/lib.sh"
need "$JUDGES/go_client.made" "a Go compiler"

enroll kept dns:kept.example.internal
enroll lost dns:lost.example.internal
revoke lost keyCompromise
crls crls.pem
"$JUDGES/go_client" "$SIGNET_ROOT" crls.pem "$SIGNET_SERVER" kept lost
