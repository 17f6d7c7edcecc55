import type { Refusals } from '../pki/signing/refusals.ts';
import { PkiError } from '../pki/pki-error.ts';
import type { PkiCode } from '../pki/pki-error.ts';

/** What the signer could not do, as against what it would not. */
const INABILITIES: ReadonlySet<PkiCode> = new Set([
  'LEDGER_UNAVAILABLE',
  'LEDGER_CORRUPT',
  'LEDGER_NEWER',
  'CA_UNAVAILABLE',
  'SIGNER_FAULT',
]);

/** Runs a request to the signer; what it is refused for goes into the audit log before it is told. */
export async function refusalsRecorded<T>(
  ledger: Refusals,
  request: Readonly<Record<string, unknown>>,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof PkiError && !INABILITIES.has(error.code)) {
      const { code, reason = '' } = error;
      await ledger.recordRefusal({ ...texts(request), request: String(request['request']), code, reason });
    }
    throw error;
  }
}

/** Whoever can write to Temporal decides what is in a request: what is no text there is none here. */
function texts(request: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
