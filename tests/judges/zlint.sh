# zlint: the lints whose source is an RFC, over certificates and CRLs (it has none of OCSP answers).
. "$(dirname "$0")/lib.sh"
need "$JUDGES/zlint.made" zlint
collect objects

# findings OBJECT FILE - each lint that did not pass; fails unless a good part of the lints did apply.
findings() {
    "$JUDGES/zlint" -includeSources RFC3279,RFC5280,RFC5480,RFC5891,RFC8813 "$2" >report.json
    (($(jq '[.[] | select(.result == "pass")] | length' report.json) >= 7)) ||
        fail "$1: hardly any lint applied: $(cat report.json)"
    jq -r --arg object "$1" 'to_entries[]
        | select(.value.result | IN("pass", "NA", "NE") | not) | "\($object): \(.key)"' report.json
}

{
    for file in objects/*.pem; do findings "$(basename "$file" .pem)" "$file"; done
    for file in objects/*.crl; do
        openssl crl -inform DER -in "$file" -out "$file.pem"
        findings "$(basename "$file")" "$file.pem"
    done
} >findings.txt
explained zlint <findings.txt
