/*
 * Verifies DER certificates as a TLS server built on mbedTLS would verify a client's: chain, key usage, extended key
 * usage. mbedTLS is what the devices run, so its parser is the one nearest to theirs.
 *
 * mbedtls-verify CHAIN.pem LEAF.der...   prints "ok" or "refused" for each leaf, in order
 */
#include <stdio.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>

static int accepts(mbedtls_x509_crt *anchors, const char *path)
{
    mbedtls_x509_crt leaf;
    uint32_t flags = 0;
    mbedtls_x509_crt_init(&leaf);
    int good = mbedtls_x509_crt_parse_file(&leaf, path) == 0 && leaf.next == NULL &&
               mbedtls_x509_crt_verify(&leaf, anchors, NULL, NULL, &flags, NULL, NULL) == 0 &&
               mbedtls_x509_crt_check_key_usage(&leaf, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0 &&
               mbedtls_x509_crt_check_extended_key_usage(&leaf, MBEDTLS_OID_CLIENT_AUTH,
                                                         MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH)) == 0;
    mbedtls_x509_crt_free(&leaf);
    return good;
}

int main(int argc, char **argv)
{
    mbedtls_x509_crt anchors;
    mbedtls_x509_crt_init(&anchors);
    if (argc < 3 || mbedtls_x509_crt_parse_file(&anchors, argv[1]) != 0) {
        return 2;
    }
    for (int index = 2; index < argc; index++) {
        puts(accepts(&anchors, argv[index]) ? "ok" : "refused");
    }
    mbedtls_x509_crt_free(&anchors);
    return 0;
}
