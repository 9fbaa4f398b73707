// Arguments: root, CRLs, URL of the server, then the names of a good and of a revoked leaf (NAME.pem
// and NAME.key). Ends with 1 when a verdict is not the expected one.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

var wrong = false

func expect(what string, wanted string, err error) {
	found := "good"
	if err != nil {
		found = err.Error()
	}
	if !strings.Contains(found, wanted) {
		wrong = true
		fmt.Printf("WRONG: %s: %s, wanted %s\n", what, found, wanted)
		return
	}
	fmt.Printf("%s: %s\n", what, found)
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return value
}

func blocks(file string) [][]byte {
	var list [][]byte
	rest := must(os.ReadFile(file))
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			return list
		}
		list = append(list, block.Bytes)
	}
}

type judge struct {
	root    *x509.Certificate
	issuing *x509.Certificate
	roots   *x509.CertPool
	revoked map[string]int
}

func (j *judge) verify(leaf *x509.Certificate, name string, usage x509.ExtKeyUsage) error {
	intermediates := x509.NewCertPool()
	intermediates.AddCert(j.issuing)
	_, err := leaf.Verify(x509.VerifyOptions{Roots: j.roots, Intermediates: intermediates, DNSName: name,
		KeyUsages: []x509.ExtKeyUsage{usage}})
	return err
}

// readCRL checks issuer, signature, number and dates, and remembers what the list revokes.
func (j *judge) readCRL(der []byte) error {
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return err
	}
	issuer := j.issuing
	if bytes.Equal(list.RawIssuer, j.root.RawSubject) {
		issuer = j.root
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		return err
	}
	if list.Number == nil || list.Number.Sign() <= 0 || !list.NextUpdate.After(list.ThisUpdate) ||
		!bytes.Equal(list.AuthorityKeyId, issuer.SubjectKeyId) {
		return errors.New("number, dates or key identifier")
	}
	for _, entry := range list.RevokedCertificateEntries {
		j.revoked[entry.SerialNumber.String()] = entry.ReasonCode
	}
	return nil
}

func (j *judge) client(name string, version uint16) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: j.roots, Certificates: []tls.Certificate{must(tls.LoadX509KeyPair(name+".pem", name+".key"))},
		MinVersion: version, MaxVersion: version}}}
}

func call(client *http.Client, url string, wanted int) error {
	answer, err := client.Get(url + "/v1/certificates")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != wanted {
		return fmt.Errorf("status %d: %s", answer.StatusCode, body)
	}
	return nil
}

// peer is what a Go service does with certificates of this authority: chain, revocation, identity.
func (j *judge) peer(state tls.ConnectionState) error {
	leaf := state.PeerCertificates[0]
	if _, there := j.revoked[leaf.SerialNumber.String()]; there {
		return errors.New("revoked")
	}
	if len(leaf.URIs) != 1 || leaf.URIs[0].Scheme != "spiffe" || leaf.URIs[0].Host != "example.internal" {
		return errors.New("not one SPIFFE id")
	}
	return nil
}

// between shakes hands between two workloads over a pipe of the memory.
func (j *judge) between(server string, client string) error {
	near, far := net.Pipe()
	config := func(name string) *tls.Config {
		return &tls.Config{RootCAs: j.roots, ClientCAs: j.roots, ClientAuth: tls.RequireAndVerifyClientCert,
			Certificates:     []tls.Certificate{must(tls.LoadX509KeyPair(name+".pem", name+".key"))},
			ServerName:       server + ".example.internal",
			VerifyConnection: j.peer}
	}
	go func() {
		connection := tls.Client(far, config(client))
		if connection.Handshake() == nil {
			io.Copy(io.Discard, connection)
		}
		far.Close()
	}()
	defer near.Close()
	return tls.Server(near, config(server)).Handshake()
}

func main() {
	root := must(x509.ParseCertificate(blocks(os.Args[1])[0]))
	url, kept, lost := os.Args[3], os.Args[4], os.Args[5]
	keptChain, lostChain := blocks(kept+".pem"), blocks(lost+".pem")
	leaf := must(x509.ParseCertificate(keptChain[0]))
	lostLeaf := must(x509.ParseCertificate(lostChain[0]))
	j := &judge{root: root, issuing: must(x509.ParseCertificate(keptChain[1])), roots: x509.NewCertPool(),
		revoked: map[string]int{}}

	expect("no trusted root", "unknown authority", j.verify(leaf, "", x509.ExtKeyUsageServerAuth))
	j.roots.AddCert(root)
	expect("as a server", "good", j.verify(leaf, kept+".example.internal", x509.ExtKeyUsageServerAuth))
	expect("as a client", "good", j.verify(leaf, "", x509.ExtKeyUsageClientAuth))
	expect("another name", "not other.example.internal", j.verify(leaf, "other.example.internal", x509.ExtKeyUsageServerAuth))
	expect("another usage", "incompatible key usage", j.verify(leaf, "", x509.ExtKeyUsageOCSPSigning))
	if len(leaf.UnhandledCriticalExtensions) != 0 || len(keptChain) != 2 || leaf.IsCA {
		expect("shape of the chain", "two certificates", errors.New("not so"))
	}
	for i, der := range blocks(os.Args[2]) {
		expect(fmt.Sprintf("CRL %d", i), "good", j.readCRL(der))
	}
	if reason := j.revoked[lostLeaf.SerialNumber.String()]; reason != 1 || len(j.revoked) != 1 {
		expect("the CRL", "exactly the revoked leaf, keyCompromise", fmt.Errorf("%v", j.revoked))
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		expect("a good client, "+tls.VersionName(version), "good", call(j.client(kept, version), url, 200))
		expect("a revoked client, "+tls.VersionName(version), "good", call(j.client(lost, version), url, 403))
	}
	expect("TLS between workloads", "good", j.between(kept, kept))
	expect("TLS with a revoked client", "revoked", j.between(kept, lost))
	if wrong {
		os.Exit(1)
	}
}
