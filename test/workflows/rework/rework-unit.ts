import type { OpenedReworkUnit } from '../../../provisioning/rework.ts';
import { PRODUCT } from '../rig.ts';

export const SERIAL = 'CL-1';

/** A unit that passed with its second attempt, as the registry opens it for a rework. */
export const UNIT: OpenedReworkUnit = {
  serial: SERIAL,
  product: PRODUCT,
  batchId: 'B',
  order: 'PO-1',
  attempt: 2,
  heldBoardId: 'b01',
  oldAttempt: 1,
  oldFingerprint: 'fp-old',
  oldSpkiSha256: 'spki-old',
  oldCertificate: 'b2xk',
};
