import { PkiError } from '../pki-error.ts';
import type { PkiCode } from '../pki-error.ts';

/** What was asked of the signer, as the audit log names it. */
export interface RefusableRequest {
  readonly request:
    | 'signCertificate'
    | 'releaseUnits'
    | 'releaseAttempts'
    | 'permitAttempt'
    | 'activateCertificates'
    | 'revokeCertificate'
    | 'releaseRework'
    | 'endRework'
    | 'returnUnits';
  readonly requestId?: string;
  readonly batchId?: string;
  readonly reworkId?: string;
  readonly order?: string;
  readonly manifestSha256?: string;
  readonly serial?: string;
  /** Id of the station. */
  readonly station?: string;
  readonly boardId?: string;
}

/** A request that was refused, and why. The ledger cuts each member at 200 characters, since it may be anything. */
export interface Refusal extends RefusableRequest {
  readonly code: string;
  /** Distinguishes the causes of one code; may be empty. */
  readonly reason?: string;
}

/** Where refusals are recorded. */
export interface Refusals {
  /** Writes into the audit log that something was refused. */
  recordRefusal(refusal: Refusal): Promise<void>;
}

/** What the signer could not do, in contrast to what it would not do. */
const INABILITIES: ReadonlySet<PkiCode> = new Set([
  'LEDGER_UNAVAILABLE',
  'LEDGER_CORRUPT',
  'LEDGER_NEWER',
  'LEDGER_STALE',
  'WITNESS_UNAVAILABLE',
  'CA_UNAVAILABLE',
  'TOKEN_PIN_REFUSED',
  'SIGNER_FAULT',
]);

/** The refusal that an error means; undefined for what the signer could not do, and for a defect. */
export function refusalOf(asked: RefusableRequest, error: unknown): Refusal | undefined {
  if (!(error instanceof PkiError) || INABILITIES.has(error.code)) return undefined;
  // Anyone who can write to Temporal decides what is in a request: what is no text there is left out.
  const texts = Object.entries(asked).filter(([, value]) => typeof value === 'string');
  const { code, reason = '' } = error;
  return { ...Object.fromEntries(texts), request: asked.request, code, reason };
}
