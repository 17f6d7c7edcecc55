import { describe, expect, it } from 'vitest';
import { batchInputOf, chunkInputOf } from '../../provisioning/batch.ts';

const batch = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab', window: 4 };
const chunk = { batchId: 'B', order: 'PO-1', manifestSha256: 'ab', window: 4, chunk: 2 };

describe('a batch that an earlier version started', () => {
  it('is understood, and keeps what it carries to its next run', () => {
    const resume = { nextChunk: 2, open: [], closed: { passed: 1, failed: 0, errors: 0, held: 0 } };
    expect(batchInputOf({ ...batch, rows: 300, resume })).toEqual({ ...batch, quantity: 300, resume });
    expect(batchInputOf({ ...batch, quantity: 300 })).toEqual({ ...batch, quantity: 300 });
  });

  it('has chunks that are understood', () => {
    expect(chunkInputOf({ ...chunk, batchRows: 300 })).toEqual({ ...chunk, quantity: 300 });
    expect(chunkInputOf({ ...chunk, quantity: 300 })).toEqual({ ...chunk, quantity: 300 });
  });
});
