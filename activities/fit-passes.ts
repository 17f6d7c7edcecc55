import { PkiError } from '../pki/pki-error.ts';
import { CHUNK_SIZE } from '../provisioning/batch.ts';
import type { ReportedPass } from '../provisioning/pass.ts';

/** As many passes as a chunk can report, each with a request id. Throws REQUEST_INVALID: the input may be anything. */
export function fitPasses(passes: readonly Partial<ReportedPass>[]): readonly ReportedPass[] {
  const isFit = (pass: Partial<ReportedPass> | null): pass is ReportedPass =>
    typeof pass?.requestId === 'string';
  if (Array.isArray(passes) && passes.length <= CHUNK_SIZE && passes.every(isFit)) return passes;
  const message = `The task reports no list of at most ${CHUNK_SIZE} passes: find out who sent it.`;
  throw new PkiError('REQUEST_INVALID', message, { reason: 'malformed' });
}
