import { expect, it } from 'vitest';
import type { RejectedBoard } from '../../../provisioning/rejected-board.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { imported, registration } from './opened.ts';

const seenAt = '2026-11-29T10:00:00.000Z';
const at = { stationId: 'st-1', socket: '3' };
const full: RejectedBoard = { ...at, boardId: 'aa', code: 'SMP_DEVICE_ERROR', serial: 'CL-1', seenAt };

export function describeRejectedBoards(opened: () => Promise<SqlRegistry>): void {
  it('a rejected board is on record once for each cause, the newest first', async () => {
    const registry = await opened();
    const later = '2026-11-29T11:00:00.000Z';
    for (const board of [
      full,
      { ...full, socket: '4', seenAt: later },
      { ...full, code: 'BOARD_WRONG_PRODUCT', message: 'os info', seenAt: later } as const,
      { ...at, code: 'SMP_UNSUPPORTED', seenAt } as const,
      { ...at, code: 'SMP_UNSUPPORTED', seenAt } as const,
      { ...at, code: 'SMP_UNSUPPORTED', seenAt: later } as const,
    ])
      await registry.recordRejectedBoard(board);
    expect(await registry.rejectedBoards(10)).toEqual([
      { ...at, code: 'SMP_UNSUPPORTED', seenAt: later },
      { ...at, code: 'SMP_UNSUPPORTED', seenAt },
      { ...full, code: 'BOARD_WRONG_PRODUCT', message: 'os info', seenAt: later },
      full,
    ]);
    expect(await registry.rejectedBoards(1)).toHaveLength(1);
  });

  it('the yield of a socket is what passed, failed and was rejected in it', async () => {
    const registry = await opened();
    await imported(registry, '1', ['CL-1', 'CL-2', 'CL-3']);
    expect(await registry.socketYields()).toEqual([]);
    await registry.registerUnit({ ...registration('CL-1'), ...at, boardId: 'b1' });
    const step = 'flashCredentials';
    const failed = { batchId: 'PO-1', serial: 'CL-2', attempt: 1, step, code: 'SMP_TIMEOUT' } as const;
    await registry.recordAttention({ ...failed, ...at, boardId: 'b2' });
    await registry.recordAttention({
      ...failed,
      serial: 'CL-3',
      stationId: 'st-1',
      socket: '4',
      boardId: 'b3',
    });
    await registry.recordRejectedBoard(full);
    await registry.recordRejectedBoard({ ...full, boardId: 'bb', serial: 'CL-3' });
    expect(await registry.socketYields()).toEqual([
      {
        ...at,
        passed: 1,
        failed: 1,
        rejected: 2,
        codes: [
          { code: 'SMP_DEVICE_ERROR', boards: 2 },
          { code: 'SMP_TIMEOUT', boards: 1 },
        ],
      },
      {
        stationId: 'st-1',
        socket: '4',
        passed: 0,
        failed: 1,
        rejected: 0,
        codes: [{ code: 'SMP_TIMEOUT', boards: 1 }],
      },
    ]);
  });
}
