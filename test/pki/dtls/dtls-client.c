/*
 * A device's side of a DTLS 1.2 handshake, set up as Golioth's firmware sets it up on Zephyr: mbedTLS, one cipher suite,
 * the server's name verified, key and certificate parsed from the octets as they lie on the device. What comes on its
 * input is sent, line by line.
 *
 * dtls-client PORT SERVER.pem CERTIFICATE.der KEY.der [CHAIN.pem]
 *
 * Exits with 0 when all was sent; else with 1, and says on stderr what failed and with which code of mbedTLS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>

static const int CIPHER_SUITES[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0};

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;
static mbedtls_x509_crt server, own;
static mbedtls_pk_context key;
static mbedtls_ssl_config config;

/* The contexts live as long as the process: nothing is freed. */
static void must(const char *what, int code)
{
    if (code < 0) {
        fprintf(stderr, "%s: -0x%04x\n", what, (unsigned)-code);
        exit(1);
    }
}

/* Without the terminating zero that mbedTLS's own file functions add: with it, PEM would pass too. */
static size_t read_octets(const char *path, unsigned char *octets, size_t size)
{
    FILE *file = fopen(path, "rb");
    must(path, file == NULL ? -1 : 0);
    size_t length = fread(octets, 1, size, file);
    fclose(file);
    return length;
}

static void load_credential(char **paths, int has_chain)
{
    unsigned char octets[4096];
    size_t length = read_octets(paths[0], octets, sizeof octets);
    must("certificate", mbedtls_x509_crt_parse(&own, octets, length));
    length = read_octets(paths[1], octets, sizeof octets);
    must("private key", mbedtls_pk_parse_key(&key, octets, length, NULL, 0));
    if (has_chain) {
        must("chain", mbedtls_x509_crt_parse_file(&own, paths[2]));
    }
}

static void configure(void)
{
    must("defaults", mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
                                                 MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_ssl_conf_ciphersuites(&config, CIPHER_SUITES);
    mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config, &server, NULL);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &drbg);
    must("credential", mbedtls_ssl_conf_own_cert(&config, &own, &key));
}

static void talk(mbedtls_ssl_context *ssl)
{
    char line[256];
    must("handshake", mbedtls_ssl_handshake(ssl));
    while (fgets(line, sizeof line, stdin) != NULL) {
        must("sending", mbedtls_ssl_write(ssl, (const unsigned char *)line, strlen(line)));
    }
    must("closing", mbedtls_ssl_close_notify(ssl));
}

int main(int argc, char **argv)
{
    static mbedtls_net_context socket;
    static mbedtls_ssl_context ssl;
    static mbedtls_timing_delay_context timer;
    if (argc < 5) {
        return 2;
    }
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&drbg);
    must("random numbers", mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0));
    must("server's certificate", mbedtls_x509_crt_parse_file(&server, argv[2]));
    load_credential(argv + 3, argc > 5);
    configure();
    must("set-up", mbedtls_ssl_setup(&ssl, &config));
    must("server's name", mbedtls_ssl_set_hostname(&ssl, "localhost"));
    must("socket", mbedtls_net_connect(&socket, "127.0.0.1", argv[1], MBEDTLS_NET_PROTO_UDP));
    mbedtls_ssl_set_bio(&ssl, &socket, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
    mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
    talk(&ssl);
    return 0;
}
