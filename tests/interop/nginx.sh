# nginx as a server with ssl_crl and ssl_stapling fed by our responder, curl as client.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin

enroll server dns:server.example.internal
enroll client
enroll stolen
crls crls.pem

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null ||
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
mkdir -p nginx
cat >nginx.conf <<EOF
pid $PWD/nginx/pid;
error_log $PWD/nginx/error.log info;
$( ((EUID == 0)) && echo 'user root;')
events { }
http {
    access_log off;
    client_body_temp_path nginx/b; proxy_temp_path nginx/p; fastcgi_temp_path nginx/f;
    uwsgi_temp_path nginx/u; scgi_temp_path nginx/s;
    server {
        listen 127.0.0.1:$port ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_client_certificate $STATE/pki/chain.pem;
        ssl_verify_client on;
        ssl_verify_depth 3;
        ssl_crl crls.pem;
        ssl_stapling on;
        ssl_stapling_verify on;
        ssl_trusted_certificate $STATE/pki/chain.pem;
        location / { return 200 "hello \$ssl_client_verify\n"; }
    }
}
EOF
nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/nginx/error.log"
trap 'kill "$(cat nginx/pid)"' EXIT

call() { # NAME
    curl -sS --cacert "$SIGNET_ROOT" --cert "$1.pem" --key "$1.key" \
        --resolve "server.example.internal:$port:127.0.0.1" "https://server.example.internal:$port/"
}
[[ $(call client) == 'hello SUCCESS' ]] || fail "a good client is refused: $(call client)"
[[ $(call stolen) == 'hello SUCCESS' ]] || fail "a good client is refused: $(call stolen)"

# nginx fetches the staple in the background at the first handshake.
staple() {
    openssl s_client -connect "127.0.0.1:$port" -servername server.example.internal -status \
        -cert client.pem -key client.key -CAfile "$SIGNET_ROOT" </dev/null 2>&1
}
for _ in $(seq 50); do
    staple | grep -q 'Cert Status: good' && break
    sleep 0.1
done
staple | grep -q 'Cert Status: good' || fail "no staple: $(cat nginx/error.log)"

revoke stolen keyCompromise
crls crls.pem
nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/nginx/error.log" -s reload
for _ in $(seq 50); do
    call stolen | grep -q 'SSL certificate error' && break
    sleep 0.1
done
call stolen | grep -q '400' || fail "a revoked client is served: $(call stolen)"
[[ $(call client) == 'hello SUCCESS' ]] || fail "a good client is refused after the reload: $(call client)"
