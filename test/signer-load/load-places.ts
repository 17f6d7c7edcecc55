import { join } from 'node:path';
import {
  auditVerifierPath,
  auditWitnessPath,
  caFolder,
  crlPath,
  ledgerPath,
  ordersFolder,
  registryPath,
  releaseKeysPath,
} from '../../line/state-folder.ts';

/** What the checker reads, all of it files. */
export interface RecordPlaces {
  readonly ledger: string;
  readonly registry: string;
  /** PEM: the factory ICA, then the root. */
  readonly chain: string;
  readonly crl: string;
  /** The text form of the audit key's verifier, and every note it was ever seen to sign, oldest first. */
  readonly auditVerifier: string;
  readonly checkpoints: string;
  readonly witness: string;
  /** Signed orders `<order>.order`, and the release keys that were trusted. */
  readonly orders: string;
  readonly releaseKeys: string;
  /** The counter at the CA's key. */
  readonly journal: string;
  /** JSON: the products as configured. */
  readonly products: string;
}

export function recordPlaces(folder: string): RecordPlaces {
  return {
    ledger: ledgerPath(folder),
    registry: registryPath(folder),
    chain: join(caFolder(folder), 'chain.pem'),
    crl: crlPath(folder),
    auditVerifier: auditVerifierPath(folder),
    checkpoints: join(folder, 'checkpoints.txt'),
    witness: auditWitnessPath(folder),
    orders: ordersFolder(folder),
    releaseKeys: releaseKeysPath(folder),
    journal: join(folder, 'signatures.jsonl'),
    products: join(folder, 'products.json'),
  };
}

/** Which points the signer's lives passed, and where each was killed. */
export const killLogPath = (folder: string): string => join(folder, 'kills.log');
