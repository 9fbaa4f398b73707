# pkilint: the linters of RFC 5280 certificates, chains and CRLs and of RFC 6960 answers.
. "$(dirname "$0")/lib.sh"
need "$JUDGES/pkilint.made" pkilint
bin=$JUDGES/venv/bin
collect objects

# lint OBJECT PROGRAM ARGUMENT... - "OBJECT: CODE" of each finding from notice upwards.
lint() {
    local object=$1 program=$2 out
    shift 2
    # The status is the number of findings; what is no report is a failure.
    out=$("$bin/$program" lint -s NOTICE -f CSV "$@") || true
    [[ $out == node_path,* ]] || fail "$program $*: $out"
    tail -n +2 <<<"$out" | "$bin/python" -c 'import csv, sys
for row in csv.reader(sys.stdin):
    if row:
        print(f"{sys.argv[1]}: {row[3]}")' "$object"
}

lint_file() {
    local name=${1%.*}
    case $1 in
    root.pem) lint root lint_pkix_cert --document-format PEM objects/root.pem ;;
    intermediate.pem | responder.pem | *-plain.pem)
        lint "$name" lint_pkix_cert --document-format PEM "objects/$1"
        local issuer=intermediate
        [[ $name == intermediate ]] && issuer=root
        lint "$name" lint_pkix_signer_signee_cert_chain --document-format PEM "objects/$issuer.pem" "objects/$1"
        ;;
    *.pem) lint "$name" lint_pkix_cert --document-format PEM "objects/$1" ;;
    root.crl) lint root.crl lint_crl -t ARL -p PKIX --document-format DER objects/root.crl ;;
    *.crl) lint "$1" lint_crl -t CRL -p PKIX --document-format DER "objects/$1" ;;
    *.ocsp) lint "$1" lint_ocsp_response --document-format DER "objects/$1" ;;
    esac
}

# Two at a time: each start of the linter costs most of a second.
files=$(cd objects && ls)
(($(wc -l <<<"$files") == 22)) || fail "only these objects were collected: $files"
half() { awk "NR % 2 == $1" <<<"$files" | while read -r file; do lint_file "$file"; done; }
half 0 >even.txt &
half 1 >odd.txt
wait $!
cat even.txt odd.txt | explained pkilint
