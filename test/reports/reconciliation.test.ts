import { expect, it } from 'vitest';
import { compareListed } from '../../reports/reconciliation.ts';

const ROW = {
  requestId: 'b1/CL-1/2',
  batchId: 'b1',
  serial: 'CL-1',
  state: 'issued',
  tbsSha256: 'aa',
  isHeld: false,
} as const;
const UNIT = { isClosed: true, isActive: false, hasPassed: true };

it('a certificate that is neither active nor withdrawn is a difference, unless a rework is under way', () => {
  expect(compareListed(ROW, UNIT)).toMatchObject([{ code: 'unfinished' }]);
  expect(compareListed({ ...ROW, isInRework: true }, UNIT)).toEqual([]);
});
