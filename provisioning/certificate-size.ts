/**
 * The longest certificate that the signer issues and that a station writes, in octets. One of our profiles has about 515, and with
 * the longest names 900; what is longer carries something it should not. Small devices have room for this.
 */
export const ISSUED_CERTIFICATE_MAX_BYTES = 1_024;
