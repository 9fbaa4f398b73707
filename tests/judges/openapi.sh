# schemathesis: requests made from docs/openapi.yaml, right ones and wrong ones, as an administrator,
# as a workload, with a one-time token and as nobody. No 5xx, no answer that the document does not
# describe, no wrong request taken. Bounded: a count of requests for each operation, one connection at
# a time, loopback only.
. "$(dirname "$0")/lib.sh"
need "$JUDGES/schemathesis.made" schemathesis
bin=$JUDGES/venv/bin

enroll workload
enroll spare
signet identity create interop/later --owner tests >/dev/null
signet token create interop/later >later.token
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -subj / -out own.csr 2>/dev/null
signet policy show >policy.json
serial=$(openssl x509 -in spare.leaf.pem -noout -serial | cut -d= -f2 | tr A-F a-f)
"$bin/python" "$judges_source/openapi_strict.py" "$judges_source/../../docs/openapi.yaml" strict.yaml \
    body.csr=@own.csr body.serial="$serial" body.identity=interop/workload \
    body.document=@policy.json body.from_version=1 body.expected_version=1 \
    path.serial="$serial" path.name=interop/spare

checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance
checks+=,response_schema_conformance,negative_data_rejection,unsupported_method,allow_header_conformance

# judge CALLER PHASES REQUESTS OPTION... - REQUESTS: at most so many made up for each operation.
judge() {
    local caller=$1 phases=$2 requests=$3 status=0
    shift 3
    "$bin/schemathesis" --config-file "$judges_source/schemathesis.toml" run strict.yaml \
        --url "$SIGNET_SERVER" --tls-verify "$SIGNET_ROOT" \
        --phases "$phases" --checks "$checks" --max-examples "$requests" --seed 1 \
        --no-shrink --workers 1 --request-timeout 60 --no-color --warnings off \
        --report ndjson --report-ndjson-path "$caller.ndjson" "$@" >"$caller.txt" 2>&1 || status=$?
    sed -n "/ FAILURES /,\$p; / ERRORS /,\$p" "$caller.txt" | cut -c 1-400
    grep -E 'Operations: |generated' "$caller.txt" | sed "s/^ */$caller: /" || cat "$caller.txt"
    ((status == 0)) || fail "as $caller; what was sent stands above"
}

all=examples,coverage,fuzzing
admin=(--request-cert "$SIGNET_CERT" --request-cert-key "$SIGNET_KEY")
judge token "$all" 10 -H "Authorization: Bearer $(cat later.token)" --include-path /v1/certificates
judge nobody examples,fuzzing 10
judge workload "$all" 10 --request-cert workload.pem --request-cert-key workload.key --exclude-operation-id revocation.create
judge administrator "$all" 25 "${admin[@]}" --exclude-operation-id revocation.create
# Last, for a revocation may take away what the others need: schemathesis gives back what it was told.
judge leaver "$all" 10 --request-cert spare.pem --request-cert-key spare.key --include-operation-id revocation.create
judge revoker "$all" 25 "${admin[@]}" --include-operation-id revocation.create
"$bin/python" "$judges_source/openapi_reached.py" ./*.ndjson || fail "not every operation was judged"
