import { describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { FS_STATUS } from '../../../smp/requests/fs-requests.ts';
import { cborMap, consoleLines, parseRequestFrame, replyMessage } from './board-frames.ts';
import { MemoryLink } from './memory-link.ts';

const FILE = { path: '/lfs1/f' };
/** A board behind a line that needs so long between an answer and the next request. */
const LINE_NEEDS_MS = 20;

function answerTo(bytes: Buffer): string {
  return consoleLines(replyMessage(parseRequestFrame(bytes), cborMap({ len: 5 })));
}

describe('a request that may not be sent at once', () => {
  it('ends the line first while an earlier one is unanswered', async () => {
    const link = new MemoryLink();
    const client = new SmpClient(link);
    const lost = client.request(FS_STATUS, FILE, { attempts: 1 });
    await expect(lost).rejects.toMatchObject({ code: 'SMP_TIMEOUT' });
    link.onWrite = (bytes) => {
      if (bytes.length > 1) link.receive(answerTo(bytes));
    };
    expect(await client.request(FS_STATUS, FILE)).toBe(5);
    expect(link.written.map((bytes) => bytes.toString() === '\n')).toEqual([false, true, false]);
    await client.close();
  });

  it('waits behind an answer on a line that loses what follows at once', async () => {
    const link = new MemoryLink();
    const client = new SmpClient(link);
    let answeredAtMs = -Infinity;
    let lost = 0;
    link.onWrite = (bytes) => {
      if (bytes.length === 1) return;
      if (performance.now() - answeredAtMs < LINE_NEEDS_MS) {
        lost++;
        return;
      }
      link.receive(answerTo(bytes));
      answeredAtMs = performance.now();
    };
    for (let count = 0; count < 8; count++) expect(await client.request(FS_STATUS, FILE)).toBe(5);
    // Two in a row show it; one more, where a busy host was late by itself between the two.
    expect(lost).toBeLessThanOrEqual(3);
    await client.close();
  });
});
