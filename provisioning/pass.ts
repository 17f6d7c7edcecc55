/** The word of a station that a unit passed, beside what the records say of the unit. */
export interface SignedPass {
  readonly stationId: string;
  /** The attempt whose key and certificate were proven. */
  readonly attempt: number;
  /** ISO 8601, the station's clock. */
  readonly verifiedAt: string;
  /** What was proven: both files were read back, the certificate to the byte, the key by its public half. */
  readonly proven: 'read-back';
  /** In which socket, and the digest of the evidence, as `evidenceSha256` makes it. An earlier version of the station signed neither. */
  readonly socket?: string;
  readonly evidenceSha256?: string;
  /** Ed25519, base64. */
  readonly signature: string;
}

/** A pass as it is reported to the signer. `pass` is absent where an earlier version of the station proved it. */
export interface ReportedPass {
  readonly requestId: string;
  readonly pass?: SignedPass;
}
