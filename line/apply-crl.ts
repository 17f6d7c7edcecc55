import type { VerifiedCrl } from '../pki/revocation/crl-verifier.ts';
import type { Registry, RevocationResult } from '../registry/registry.ts';

/** Lets the registry know what a revocation list says. A certificate on hold is not revoked: its hold may end. */
export async function applyCrl(registry: Registry, crl: VerifiedCrl): Promise<RevocationResult> {
  const revoked = crl.entries.filter(({ reason }) => reason !== 'certificateHold');
  return await registry.applyRevocations({
    issuerKey: crl.issuerKey,
    number: crl.number,
    revocations: revoked.map(({ certificateSerial, reason, revokedAt }) => ({
      certificateSerial,
      reason,
      revokedAt: revokedAt.toISOString(),
    })),
  });
}
