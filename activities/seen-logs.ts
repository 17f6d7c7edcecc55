import { openCheckpoint } from '../pki/audit/audit-checkpoint.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import type { RegisterDeviceInput } from '../provisioning/registration.ts';
import type { SeenLog } from '../provisioning/signer-log.ts';
import { RegistryError } from '../registry/registry-error.ts';
import type { Registry, SignerLogSight } from '../registry/registry.ts';

/** What the registry compares the logs of signers with. */
export interface LogTrust {
  readonly registry: Pick<Registry, 'signerLogs'>;
  /** The public keys of the audit logs of our signers; none where nobody has brought them here. */
  readonly auditKeys: () => readonly NoteVerifier[];
}

/**
 * How far the log of the signer had come when it gave the certificate; undefined where no key of a signer is here, or where the
 * certificate is older than the first log that the registry has seen. Throws PASS_UNPROVEN for a certificate that does not say it, or
 * says it in the name of nobody known.
 */
export async function sightOf(
  { unit, signed }: Pick<RegisterDeviceInput, 'unit' | 'signed'>,
  { registry, auditKeys }: LogTrust,
): Promise<SignerLogSight | undefined> {
  const keys = auditKeys();
  if (keys.length === 0) return undefined;
  const { checkpoint: note } = signed;
  if (note === undefined) {
    if (await isEarlier(signed.notBefore, registry)) return undefined;
    throw unproven(
      unit.serial,
      'does not say how far the audit log of its signer had come: update the signer',
    );
  }
  for (const key of keys) {
    const checkpoint = openCheckpoint(note, key);
    if (checkpoint !== undefined) return { log: key.name, ...checkpoint };
  }
  throw unproven(unit.serial, 'is of an audit log that is not known here: copy the list of stations');
}

/**
 * What releases say of the logs of signers; undefined where nothing is known. A log whose key a person has removed from the list is
 * left out: its ledger is no longer in use.
 */
export async function seenLogs({ registry, auditKeys }: LogTrust): Promise<SeenLog[] | undefined> {
  const names = new Set(auditKeys().map(({ name }) => name));
  const logs = (await registry.signerLogs()).filter(({ log, size }) => names.has(log) && size > 0);
  const seen = logs.map(({ log, size, hash }) => ({ log, size, hash }));
  return seen.length > 0 ? seen : undefined;
}

async function isEarlier(notBefore: string, registry: LogTrust['registry']): Promise<boolean> {
  const logs = await registry.signerLogs();
  return logs.every(({ firstSeenAt }) => Date.parse(notBefore) < Date.parse(firstSeenAt));
}

function unproven(serial: string, why: string): RegistryError {
  return new RegistryError('unproven', `The certificate of ${serial.slice(0, 40)} ${why}.`);
}
