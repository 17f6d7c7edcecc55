import { describe, expect, it } from 'vitest';
import type { Attention } from '../../../provisioning/unit.ts';
import { batchDetails } from '../../../workflows/details/batch-details.ts';
import type { BatchView } from '../../../workflows/details/batch-details.ts';

function waiting(serial: string, code: Attention['code'], more: Partial<Attention> = {}): Attention {
  return {
    serial,
    code,
    step: 'verifyReadback',
    attempt: 1,
    hint: '',
    stationId: 'st-1',
    socket: '3',
    ...more,
  };
}

const TROUBLE = {
  code: 'SOCKET_SILENT',
  station: 'st-1',
  socket: '3',
  says: 'station st-1, socket 3: reseat it',
} as const;

function view(attention: readonly Attention[], more: Partial<BatchView> = {}): BatchView {
  const counts = { passed: 17, failed: 1, errors: 2, held: 0, started: 22 + attention.length, attention };
  const title = 'lot.csv, order PO-1';
  return { namespace: 'default', batchId: 'PO-1-a3', title, units: 40, counts, refused: false, ...more };
}

/** The query of a link. */
function queryOf(details: string, label: string): string {
  const [, query = ''] = new RegExp(`\\[${label}\\]\\(/namespaces/default/workflows\\?query=([^)]*)\\)`).exec(
    details,
  )!;
  return decodeURIComponent(query);
}

describe('the current details of a batch', () => {
  it('are lists, and never a table', () => {
    const details = batchDetails(view([]));
    expect(details.split('\n').slice(0, 7)).toEqual([
      '**lot.csv, order PO-1**: 17 of 40 passed',
      '',
      '- passed: 17',
      '- under way: 2',
      '- waiting for a decision: 0',
      '- failed: 1, errors: 2, on hold: 0',
      '- not started: 18',
    ]);
    expect(details).not.toContain('|');
    const blocks = batchDetails(view([waiting('CL-1', 'BOARD_GONE')], { trouble: [TROUBLE] })).split('\n\n');
    const lists = blocks.map((block) => block.startsWith('- '));
    expect(lists.some((isList, at) => isList && lists[at + 1] === true)).toBe(false);
  });

  it('have what waits by code, most first, each serial as a link to its page', () => {
    const details = batchDetails(
      view([
        waiting('CL-1', 'BOARD_GONE'),
        waiting('CL/2', 'READ_BACK_DIFFERS'),
        waiting('CL-3', 'READ_BACK_DIFFERS'),
      ]),
    );
    const [, first, second] = details.split(/^(?=`[A-Z_]+`: \d)/m);
    expect(first).toMatch(
      /^`READ_BACK_DIFFERS`: 2 units \(\[list\]\(.*\)\)\. The board does not hold what was written/,
    );
    expect(first).toContain(
      '- [CL/2](/namespaces/default/workflows/unit%2FCL%2F2): verifyReadback, attempt 1, station `st-1`, socket `3`',
    );
    expect(second).toMatch(/^`BOARD_GONE`: 1 unit /);
    expect(details).toContain(
      'send the Update `rerunFailed` to this batch, for all that wait without an argument, or with `{"codes":["READ_BACK_DIFFERS"],"reason":"boards replaced","by":"A. Berg"}`',
    );
  });

  it('link to the lists of what waits, of all, by code and by station', () => {
    const details = batchDetails(view([waiting('CL-1', 'BOARD_GONE')]));
    const ofBatch = 'ProvBatch="PO-1-a3" AND WorkflowType="unit"';
    expect(queryOf(details, 'waiting')).toBe(`${ofBatch} AND ProvStatus="ATTENTION"`);
    expect(queryOf(details, 'under way')).toBe(
      `${ofBatch} AND ExecutionStatus="Running" AND ProvStatus IS NULL`,
    );
    expect(queryOf(details, 'st-1')).toBe(`${ofBatch} AND ProvStatus="ATTENTION" AND ProvStation="st-1"`);
    expect(details).toContain(
      encodeURIComponent(`${ofBatch} AND ProvStatus="ATTENTION" AND ProvError="BOARD_GONE"`),
    );
  });

  it('name twenty units that wait, and count the rest', () => {
    const many = Array.from({ length: 30 }, (_, index) => waiting(`CL-${index}`, 'SMP_TIMEOUT'));
    const details = batchDetails(view(many));
    expect(details.match(/^- \[CL-/gm)).toHaveLength(20);
    expect(details).toContain('- and 10 more');
  });

  it('do not link to units that the signer has not released: those have no page', () => {
    const refused: Attention = {
      serial: 'CL-9',
      code: 'ORDER_UNKNOWN',
      step: 'signCertificate',
      attempt: 1,
      hint: '',
    };
    const details = batchDetails(view([refused], { refused: true }));
    expect(details).toContain('- CL-9: not begun');
    expect(details).not.toContain('unit%2FCL-9');
  });

  it('say first who paused the batch, and what is wrong with the line', () => {
    const pause = { verdict: 'pause', by: 'A. `Berg`', reason: 'audit', decidedAt: '2026-11-29T10:00:00Z' };
    const trouble = [TROUBLE];
    const [, first, , second, third] = batchDetails(view([], { pause, trouble })).split('\n\n');
    expect(first).toMatch(/^\*\*Paused\*\* by `A\. 'Berg'` since .*, because: `audit`/);
    expect(second).toBe('**The line needs a person**');
    expect(third).toBe('- `SOCKET_SILENT`: station st-1, socket 3: reseat it');
  });

  it('of a chunk send Updates to its batch', () => {
    const details = batchDetails(view([waiting('CL-1', 'BOARD_GONE')], { isChunk: true }));
    expect(details).toContain('to the batch [PO-1-a3](/namespaces/default/workflows/batch%2FPO-1-a3)');
  });
});
