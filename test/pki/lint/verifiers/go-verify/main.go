// Judges DER certificates with Go's crypto/x509 as a TLS server would a client's, or with zlint.
//
//	go-verify verify CHAIN.pem LEAF.der...
//	go-verify zlint LEAF.der...
//
// Prints "ok" or "refused: REASON" for each leaf, in order.
package main

import (
	"crypto/x509"
	"fmt"
	"os"

	zcrypto "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

func main() {
	if len(os.Args) > 3 && os.Args[1] == "verify" {
		anchors := x509.NewCertPool()
		anchors.AppendCertsFromPEM(read(os.Args[2]))
		judge(os.Args[3:], func(der []byte) error { return verify(anchors, der) })
	} else if len(os.Args) > 2 && os.Args[1] == "zlint" {
		registry := chosenLints()
		judge(os.Args[2:], func(der []byte) error { return lintOf(registry, der) })
	} else {
		os.Exit(2)
	}
}

func judge(paths []string, refusal func([]byte) error) {
	for _, path := range paths {
		if err := refusal(read(path)); err != nil {
			fmt.Printf("refused: %q\n", err.Error())
		} else {
			fmt.Println("ok")
		}
	}
}

func verify(anchors *x509.CertPool, der []byte) error {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: anchors, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err
}

// Device certificates follow RFC 5280 and its kin, not the CA/Browser Forum.
func chosenLints() lint.Registry {
	registry, err := lint.GlobalRegistry().Filter(lint.FilterOptions{IncludeSources: []lint.LintSource{
		lint.RFC5280, lint.RFC5480, lint.RFC3279, lint.RFC8813, lint.Community}})
	if err != nil {
		panic(err)
	}
	return registry
}

func lintOf(registry lint.Registry, der []byte) error {
	leaf, err := zcrypto.ParseCertificate(der)
	if err != nil {
		return err
	}
	for name, result := range zlint.LintCertificateEx(leaf, registry).Results {
		if result.Status >= lint.Notice {
			return fmt.Errorf("%s %s", name, result.Details)
		}
	}
	return nil
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return bytes
}
