import { isThere } from '../disk/is-there.ts';
import { writeWholeSync } from '../disk/write-whole.ts';
import { isAuditKey } from '../pki/keys/audit-key.ts';
import { ensureRoleKey } from '../pki/keys/station-key.ts';
import type { StationKey } from '../pki/keys/station-key.ts';
import { verifierText } from '../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import { readVerifierKeys } from '../pki/keys/verifier-key-file.ts';
import { ConfigError } from './config-error.ts';
import type { LineConfig } from './config.ts';
import { intakeKeyPath, intakeKeysPath, permitKeyPath, permitVerifierPath } from './state-folder.ts';

/** The signer's key for permits, made where there is none, and its public half as a file for the stations. */
export function openPermitKey(stateFolder: string): StationKey {
  const key = ensureRoleKey(permitKeyPath(stateFolder), 'signer');
  const text = `${verifierText(key.verifier)}\n`;
  if (!isThere(permitVerifierPath(stateFolder))) writeWholeSync(permitVerifierPath(stateFolder), 0o644, text);
  return key;
}

/** The key with which the intake of this host releases units, made where there is none. */
export function openIntakeKey(stateFolder: string): StationKey {
  return ensureRoleKey(intakeKeyPath(stateFolder), 'intake');
}

/** Where the signer finds the public keys of intakes, one in each text line. */
export function intakeKeysFile(stateFolder: string, config: Pick<LineConfig, 'intakeKeysFile'>): string {
  return config.intakeKeysFile ?? intakeKeysPath(stateFolder);
}

/** Admits the intake of a host that is also the signer's, once: a list that is there stays as a person made it. */
export function admitOwnIntake(stateFolder: string, config: Pick<LineConfig, 'intakeKeysFile'>): StationKey {
  const key = openIntakeKey(stateFolder);
  const path = intakeKeysFile(stateFolder, config);
  if (!isThere(path)) writeWholeSync(path, 0o600, `${verifierText(key.verifier)}\n`);
  return key;
}

/** The signers whose permits a station accepts. Throws CONFIG_INVALID where there are none. */
export function readSignerKeys(
  stateFolder: string,
  config: Pick<LineConfig, 'signerKeysFile'>,
): readonly NoteVerifier[] {
  const path = config.signerKeysFile ?? permitVerifierPath(stateFolder);
  const keys = readVerifierKeys(path);
  if (keys.length > 0) return keys;
  const message = `There is no signer's public key in ${path}: type "certline station signer-key" at the signer, put the text line into a file of this host, and name it as signerKeysFile.`;
  throw new ConfigError('CONFIG_INVALID', message);
}

/** Whom the registry believes, by a list that a person copied from the signer. */
export interface FactoryKeys {
  /** The public keys of a station: several where a person left an earlier one in the list, and none for one that is not in it. */
  readonly stationKeys: (stationId: string) => readonly NoteVerifier[];
  /** The public keys of the audit logs of signers in the list. */
  readonly auditKeys: () => readonly NoteVerifier[];
}

/**
 * The keys in the list of stations. The file is read at each question: who is taken off the list is not believed any more.
 * Throws CONFIG_INVALID where no list is configured.
 */
export function factoryKeysIn(config: Pick<LineConfig, 'stationKeysFile'>): FactoryKeys {
  const path = config.stationKeysFile;
  if (path === undefined || !isThere(path)) {
    const message = `The orchestrator has no list of the stations${path === undefined ? '' : ` in ${path}`}: type "certline station export" at the signer, put the text lines into a file of this host, and name it as stationKeysFile.`;
    throw new ConfigError('CONFIG_INVALID', message);
  }
  const keys = (isAudit: boolean) => readVerifierKeys(path).filter((key) => isAuditKey(key) === isAudit);
  return {
    stationKeys: (stationId) => keys(false).filter(({ name }) => name === stationId),
    auditKeys: () => keys(true),
  };
}
