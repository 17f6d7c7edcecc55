import { readFileSync } from 'node:fs';
import { isThere } from '../disk/is-there.ts';
import type { Logger } from 'pino';
import { writeWhole } from '../disk/write-whole.ts';
import { isCrlDue, issueCrl } from '../pki/revocation/crl-issuer.ts';
import type { LedgerCrl } from '../pki/revocation/crl-issuer.ts';
import { crlIn } from '../pki/x509/crl-file.ts';
import { readCrl } from '../pki/x509/crl-reader.ts';
import type { CrlFields } from '../pki/x509/crl-reader.ts';
import { verifyCrl } from '../pki/revocation/crl-verifier.ts';
import type { IssuingCa } from '../pki/ca/issuing-ca.ts';
import { sha256Hex } from '../pki/x509/p256.ts';
import { pemOf } from '../pki/x509/pem.ts';
import type { Ledger } from '../pki/ledger/ledger.ts';
import type { Registry } from '../registry/registry.ts';
import { applyCrl } from './apply-crl.ts';
import { crlPath } from './state-folder.ts';

/** What keeps the revocation list of a line. */
export interface LineCrlParts {
  readonly ca: IssuingCa;
  readonly ledger: Ledger;
  readonly stateFolder: string;
}

/** Makes the next revocation list and puts it beside the CA's chain, whole, readable by all that may enter there. */
export async function publishCrl({ ca, ledger, stateFolder }: LineCrlParts): Promise<LedgerCrl> {
  const path = crlPath(stateFolder);
  const issued = await issueCrl(ca, ledger.withdrawals, new Date(), publishedBy(ca, path));
  // A command and a signer may make lists at once: the file never goes back.
  if (numberOf(path) < issued.number) {
    await writeWhole(path, 0o644, pemOf('X509 CRL', issued.crl));
  }
  return issued;
}

/**
 * A function that publishes a list if one is due: there is none, it is old, or something was withdrawn since. Signers that share a ledger
 * have a file each; what another one numbered is not in this one.
 */
export function crlPublisher({ ca, ledger, stateFolder }: LineCrlParts, log: Logger): () => Promise<void> {
  const { withdrawals } = ledger;
  const issuer = sha256Hex(ca.facts.spki);
  const path = crlPath(stateFolder);
  /** What the file lists, where this process made it. */
  let listed: string | undefined;
  const isBehind = async (): Promise<boolean> => {
    const latest = await withdrawals.latestCrl(issuer);
    // Of lists that say the same, each signer makes one. By the number alone, they would answer each other without end.
    return latest !== undefined && numberOf(path) < latest.number && latest.mark !== listed;
  };
  return async () => {
    const now = new Date();
    if (!isOld(path, now) && !(await isCrlDue(ca, withdrawals, now)) && !(await isBehind())) return;
    const { number, entries, mark } = await publishCrl({ ca, ledger, stateFolder });
    listed = mark;
    log.info({ number, entries }, 'revocation list published');
  };
}

/** What it takes to report revocations to a registry on the host of the signer. */
export interface RegistryUpdateParts extends Pick<LineCrlParts, 'ca' | 'stateFolder'> {
  readonly registry: Registry;
  readonly log: Logger;
}

/**
 * A function that applies the newest list to the registry, no matter who made the list, unless it applied that list
 * already.
 */
export function registryUpdater(parts: RegistryUpdateParts): () => Promise<void> {
  const { registry, ca, stateFolder, log } = parts;
  const path = crlPath(stateFolder);
  let applied = 0;
  return async () => {
    if (!isThere(path) || numberOf(path) === applied) return;
    const crl = verifyCrl(crlIn(readFileSync(path)), ca.chain, new Date());
    const result = await applyCrl(registry, crl);
    if (result.status === 'older') log.warn({ number: crl.number, ...result }, OLDER);
    else if (result.ended > 0)
      log.info({ number: crl.number, ...result }, 'certificates revoked in the registry');
    applied = crl.number;
  };
}

const OLDER = 'the registry has a newer revocation list: the ledger of the signer is an old copy';

/** Whether the list in the file has less time left than it has had, or is none. */
function isOld(path: string, now: Date): boolean {
  try {
    const { thisUpdate, nextUpdate } = readCrl(crlIn(readFileSync(path)));
    return nextUpdate.getTime() - now.getTime() <= now.getTime() - thisUpdate.getTime();
  } catch {
    return true;
  }
}

/** The list in the file, valid or expired; undefined where there is none that this CA signed. */
function publishedBy({ chain }: IssuingCa, path: string): CrlFields | undefined {
  try {
    const crl = crlIn(readFileSync(path));
    return verifyCrl(crl, chain.slice(0, 1), readCrl(crl).thisUpdate);
  } catch {
    return undefined;
  }
}

/** The number of the list in the file; 0 where there is none. */
function numberOf(path: string): number {
  try {
    return readCrl(crlIn(readFileSync(path))).number;
  } catch {
    return 0;
  }
}
