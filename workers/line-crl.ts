import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { writeAtomically } from '../manifests/write-atomically.ts';
import { isCrlDue, issueCrl, type IssuedCrl } from '../pki/crl-issuer.ts';
import { readCrl } from '../pki/crl-reader.ts';
import type { IssuingCa } from '../pki/issuing-ca.ts';
import { pemOf } from '../pki/pem.ts';
import type { SqlLedger } from '../pki/sql-ledger.ts';
import type { Role } from './role.ts';
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
  const issued = await issueCrl(ca, ledger, new Date());
  const path = crlPath(stateFolder);
  // A command and a signer may make lists at once: the file never goes back.
  if (numberOf(path) < issued.number) {
    await writeAtomically(path, 0o644, (file) => file.writeFile(pemOf('X509 CRL', issued.crl)));
  }
  return issued;
}

/** Publishes a list whenever one is due, looking at once and then every minute; what fails is logged and tried again. */
export function keepCrl(parts: LineCrlParts & { readonly log: Logger }): Role {
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

async function run(parts: LineCrlParts & { readonly log: Logger }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if (isMissing(parts) || (await isCrlDue(parts.ca, parts.ledger, new Date()))) {
        const { number, entries } = await publishCrl(parts);
        parts.log.info({ number, entries }, 'revocation list published');
      }
    } catch (error) {
      parts.log.error({ err: error }, 'no revocation list was made; tried again in a minute');
    }
    await delay(CHECK_INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

function isMissing({ stateFolder }: LineCrlParts): boolean {
  return numberOf(crlPath(stateFolder)) === 0;
}

/** The number of the list in the file; 0 where there is none. */
function numberOf(path: string): number {
  try {
    const [, base64 = ''] = /-----BEGIN X509 CRL-----([^-]+)-----/.exec(readFileSync(path, 'latin1')) ?? [];
    return readCrl(Buffer.from(base64, 'base64')).number;
  } catch {
    return 0;
  }
}
