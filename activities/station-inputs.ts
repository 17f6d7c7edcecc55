import { z } from 'zod';
import { claim, der, digest, failureCode, id, permit, unitAttempt } from './input-parts.ts';

const board = { unit: unitAttempt, permit: permit.exactOptional(), boardId: id };
const delivery = z.strictObject({ unit: unitAttempt, claim, certificate: der, spkiSha256: digest });

/** What each activity of a station takes. */
export const STATION_INPUTS = {
  generateKeypair: z.strictObject({ ...board, boardId: id.exactOptional() }),
  requestRenewal: z.strictObject({ ...board, spkiSha256: digest }),
  wipeBoard: z.strictObject(board),
  flashCredentials: delivery,
  verifyReadback: delivery,
  releaseSocket: z.strictObject({ unit: unitAttempt, claim, code: failureCode }),
  recallProof: z.strictObject({ unit: unitAttempt, boardId: id }),
};
