# NSS: vfychain with OCSP, with fetched and with imported CRLs; ocspclnt; signature checks of both.
. "$(dirname "$0")/lib.sh"

enroll kept dns:kept.example.internal
enroll lost dns:lost.example.internal
mkdir nss nss-empty
for database in nss nss-empty; do certutil -N -d "sql:$database" --empty-password; done
certutil -A -d sql:nss -n root -t CT,, -a -i "$SIGNET_ROOT"
certutil -A -d sql:nss -n issuing -t ,, -a -i "$STATE/pki/issuing.pem"
for leaf in kept lost; do openssl x509 -in "$leaf.leaf.pem" -outform DER -out "$leaf.der"; done

verify() { vfychain -d sql:nss "$@" 2>&1; }
good() { [[ $(verify "$@") == *'Chain is good!'* ]] || fail "vfychain $*: $(verify "$@")"; }
# A client (0) and a server (1), the leaf judged by each method; no answer would be a failure.
methods() { # JUDGEMENT FILE
    local method usage
    for method in ocsp crl; do
        for usage in 0 1; do
            "$1" -pp -u "$usage" -g leaf -m "$method" -s failIfNoInfo "$2"
        done
    done
}
bad() { refused "Peer's Certificate has been revoked" verify "$@"; }
client() { ocspclnt -d sql:nss "$@" 2>&1; }

good -u 1 kept.der
refused 'Peer.s Certificate issuer is not recognized' vfychain -d sql:nss-empty -u 1 kept.der
refused 'inadequate' verify -u 3 kept.der
methods good kept.der
methods good lost.der
client -S lost.der | grep -q 'succeeded' || fail "ocspclnt: $(client -S lost.der)"

revoke lost keyCompromise
methods good kept.der
methods bad lost.der
good -pp -f -u 1 -g leaf -m ocsp -s failIfNoInfo -g chain -m crl -s failIfNoInfo kept.der

# ocspclnt ends with 0 whatever it finds.
for ask in '-S kept.der' '-V kept.der -u s' '-V kept.der -u c'; do
    # shellcheck disable=SC2086
    client $ask | grep -q 'succeeded' || fail "ocspclnt $ask: $(client $ask)"
done
for ask in '-S lost.der' '-V lost.der -u s'; do
    # shellcheck disable=SC2086
    client $ask | grep -q 'has been revoked' || fail "ocspclnt $ask: $(client $ask)"
done

# Imported CRLs: NSS checks their signatures when they come in, and uses them without asking anybody.
for name in root issuing-1; do
    curl -sSf "$PUBLISH/crl/$name.crl" -o "$name.crl"
    crlutil -I -d sql:nss -i "$name.crl" -t 1
done
good -u 1 kept.der
bad -u 1 lost.der
