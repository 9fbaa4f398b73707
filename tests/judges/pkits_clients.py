"""Shows each PKITS end entity certificate, with its key, to the server as a client certificate.

Arguments: folder of PKCS#12 files, URL of the server, its root, chain and key of a client that is
good. Prints "clients: STATUS TYPE, COUNT"; ends with 1 unless the good client is let in.
"""

import collections
import glob
import http.client
import json
import os
import ssl
import sys
import tempfile
import urllib.parse

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

PASSWORD = b"password"


def call(server, root, chain, key):
    """The status and the problem's type of one request over a connection of its own."""
    context = ssl.create_default_context(cafile=root)
    # Some test keys and signatures are older than what this machine's OpenSSL would send.
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.load_cert_chain(chain, key)
    connection = http.client.HTTPSConnection(server.hostname, server.port, timeout=60, context=context)
    try:
        connection.request("GET", "/v1/certificates")
        answer = connection.getresponse()
        body = json.load(answer)
        return f"{answer.status} {body.get('type', 'taken')}"
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({type(error).__name__})"
    finally:
        connection.close()


def unpacked(path, folder):
    """Certificate and key of a PKCS#12 file as two PEM files."""
    with open(path, "rb") as file:
        key, certificate, _ = pkcs12.load_key_and_certificates(file.read(), PASSWORD)
    chain_path, key_path = os.path.join(folder, "chain.pem"), os.path.join(folder, "key.pem")
    with open(chain_path, "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(key_path, "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM,
                                     serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))
    return chain_path, key_path


def main(folder, url, root, chain, key):
    server = urllib.parse.urlsplit(url)
    if not call(server, root, chain, key).startswith("200 "):
        print("the good client is refused:", call(server, root, chain, key))
        return 1
    tally = collections.Counter()
    with tempfile.TemporaryDirectory(dir=".") as scratch:
        for path in sorted(glob.glob(os.path.join(folder, "*EE.p12"))):
            try:
                shown = unpacked(path, scratch)
            except ValueError as error:
                tally[f"not shown, its PKCS#12 is not read ({type(error).__name__})"] += 1
                continue
            tally[call(server, root, *shown)] += 1
    for verdict, count in tally.items():
        print(f"clients: {verdict}, {count}")
    return 0


sys.exit(main(*sys.argv[1:]))
