import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The credential of this name that systemd gives to the service (systemd.exec(5), LoadCredentialEncrypted=), so that a key
 * is in clear only in memory; undefined where there is none.
 */
export function credentialPath(name: string): string | undefined {
  const folder = process.env['CREDENTIALS_DIRECTORY'];
  const path = folder === undefined ? undefined : join(folder, name);
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** The files that the factory line must not lose. Each role writes only its own files. */
export const ledgerPath = (folder: string): string => join(folder, 'signer', 'ledger.db');
export const caFolder = (folder: string): string => join(folder, 'signer', 'ca');
export const caRequestFolder = (folder: string): string => join(folder, 'signer', 'ca.request');
export const caPassphrasePath = (folder: string): string => join(folder, 'signer', 'ca.passphrase');
export const pinRefusalPath = (folder: string): string => join(folder, 'signer', 'pin.refused');
export const crlPath = (folder: string): string => join(caFolder(folder), 'crl.pem');
export const auditKeyPath = (folder: string): string =>
  credentialPath('audit.key.pem') ?? join(folder, 'signer', 'audit.key.pem');
export const auditVerifierPath = (folder: string): string => join(folder, 'signer', 'audit.pub');
export const auditWitnessPath = (folder: string): string => join(folder, 'signer', 'audit.checkpoint');
export const ordersFolder = (folder: string): string => join(folder, 'signer', 'orders');
export const releaseKeysPath = (folder: string): string => join(folder, 'signer', 'release-keys');
export const permitKeyPath = (folder: string): string =>
  credentialPath('permit.key.pem') ?? join(folder, 'signer', 'permit.key.pem');
export const permitVerifierPath = (folder: string): string => join(folder, 'signer', 'permit.pub');
export const intakeKeysPath = (folder: string): string => join(folder, 'signer', 'intake-keys');
export const intakeKeyPath = (folder: string): string =>
  credentialPath('intake.key.pem') ?? join(folder, 'intake', 'intake.key.pem');
export const releaseKeyFolder = (folder: string): string => join(folder, 'release');
export const releasePassphrasePath = (folder: string): string => join(folder, 'release.passphrase');
export const registryPath = (folder: string): string => join(folder, 'registry.db');
/** The end of what the registry of this name has written into its folder of files. */
export const lastNotePath = (folder: string, registry: string): string =>
  join(folder, 'device-files', `${registry}.note`);
export const temporalFolder = (folder: string): string => join(folder, 'temporal');
export const logPath = (folder: string): string => join(folder, 'certline.log');
export const stationKeyPath = (folder: string, station: string): string =>
  credentialPath(`${station}.key.pem`) ?? join(folder, 'stations', station, 'station.key.pem');
export const stationBookPath = (folder: string, station: string): string =>
  join(folder, 'stations', station, 'book.db');
export const tileFilePath = (folder: string, station: string): string =>
  join(folder, 'stations', station, 'sockets.json');
export const virtualLineFolder = (folder: string): string => join(folder, 'virtual-line');
