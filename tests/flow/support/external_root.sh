# shellcheck shell=bash
# An external root played by openssl, for test_external_root. Sourced in the work folder.

# again OPTION... - the ceremony with the arguments that ca_lab left, in the root's way given here.
again() {
    local arguments
    mapfile -d '' arguments <../init.arguments
    signet-ceremony init "${arguments[@]}" "$@"
}

# What a right issuing certificate has, and a policy that is none of our business.
good='basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
certificatePolicies=1.2.3.4
subjectAltName=URI:spiffe://example.internal'
good_root='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign'

# root NAME SUBJECT EXTENSIONS - NAME.key and NAME.pem, signed by itself for ten years.
root() {
    printf '[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\nCN=x\n[ca]\n%s\n' "$3" >"$1.conf"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout "$1.key" \
        -out "$1.pem" -days 3650 -subj "$2" -config "$1.conf" 2>/dev/null
}

# sign NAME ROOT EXTENSIONS [OPTION...] - what ROOT gives back for the request: NAME.pem with the
# certificate (alone in NAME.leaf) and that of the root. csr and days may be set before it.
sign() {
    printf '%s\n' "$3" >"$1.extensions"
    openssl x509 -req -in "${csr:-issuing.csr}" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial \
        -days "${days:-700}" -out "$1.leaf" -extfile "$1.extensions" "${@:4}" 2>/dev/null
    cat "$1.leaf" "$2.pem" >"$1.pem"
}
