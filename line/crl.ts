import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { writeWhole } from '../disk/write-whole.ts';
import { isCrlDue, issueCrl } from '../pki/revocation/crl-issuer.ts';
import type { IssuedCrl } from '../pki/revocation/crl-issuer.ts';
import { crlIn } from '../pki/x509/crl-file.ts';
import { readCrl } from '../pki/x509/crl-reader.ts';
import type { CrlFields } from '../pki/x509/crl-reader.ts';
import { verifyCrl } from '../pki/revocation/crl-verifier.ts';
import type { IssuingCa } from '../pki/ca/issuing-ca.ts';
import { pemOf } from '../pki/x509/pem.ts';
import type { SqlLedger } from '../pki/ledger/sql-ledger.ts';
import type { Registry } from '../registry/registry.ts';
import { applyCrl } from './apply-crl.ts';
import type { Role } from '../workers/role.ts';
import { crlPath } from './state-folder.ts';

/** Withdrawals within a minute share a list. */
const CHECK_INTERVAL_MS = 60_000;

/** What keeps the revocation list of a line. */
export interface LineCrlParts {
  readonly ca: IssuingCa;
  readonly ledger: SqlLedger;
  readonly stateFolder: string;
}

/** Makes the next revocation list and puts it beside the CA's chain, whole, readable by all that may enter there. */
export async function publishCrl({ ca, ledger, stateFolder }: LineCrlParts): Promise<IssuedCrl> {
  const path = crlPath(stateFolder);
  const issued = await issueCrl(ca, ledger, new Date(), publishedBy(ca, path));
  // A command and a signer may make lists at once: the file never goes back.
  if (numberOf(path) < issued.number) {
    await writeWhole(path, 0o644, pemOf('X509 CRL', issued.crl));
  }
  return issued;
}

/** What keeps the list of a line that runs. */
export interface KeepCrlParts extends LineCrlParts {
  /** Where it is on the host of the signer: it learns what each list says. */
  readonly registry?: Registry;
  readonly log: Logger;
}

/**
 * Publishes a list whenever one is due, and tells the registry what the newest says, whoever made it; looks at once and
 * then every minute. What fails is logged and tried again.
 */
export function keepCrl(parts: KeepCrlParts): Role {
  const ending = new AbortController();
  const ran = run(parts, ending.signal);
  return {
    // Nothing in it ends by itself.
    ended: new Promise<void>(() => {}),
    stop: async () => {
      ending.abort();
      await ran;
    },
  };
}

async function run(parts: KeepCrlParts, signal: AbortSignal): Promise<void> {
  let told = 0;
  while (!signal.aborted) {
    try {
      await publishDue(parts);
    } catch (error) {
      parts.log.error({ err: error }, 'no revocation list was made; tried again in a minute');
    }
    try {
      told = await tellRegistry(parts, told);
    } catch (error) {
      parts.log.error({ err: error }, 'the registry knows not what was revoked; tried again in a minute');
    }
    await delay(CHECK_INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function publishDue(parts: KeepCrlParts): Promise<void> {
  if (!isMissing(parts) && !(await isCrlDue(parts.ca, parts.ledger, new Date()))) return;
  const { number, entries } = await publishCrl(parts);
  parts.log.info({ number, entries }, 'revocation list published');
}

/** Returns the number of the list that the registry knows; `told`: of the one that it was told last. */
async function tellRegistry({ registry, ca, stateFolder, log }: KeepCrlParts, told: number): Promise<number> {
  const path = crlPath(stateFolder);
  if (registry === undefined || !existsSync(path) || numberOf(path) === told) return told;
  const crl = verifyCrl(crlIn(readFileSync(path)), ca.chain, new Date());
  const result = await applyCrl(registry, crl);
  if (result.status === 'older') log.warn({ number: crl.number, ...result }, OLDER);
  else if (result.ended > 0)
    log.info({ number: crl.number, ...result }, 'certificates revoked in the registry');
  return crl.number;
}

const OLDER = 'the registry knows a newer revocation list: the ledger of the signer is an old copy';

function isMissing({ stateFolder }: LineCrlParts): boolean {
  return numberOf(crlPath(stateFolder)) === 0;
}

/** The list in the file, whether it still counts or not; undefined where there is none that this CA signed. */
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
