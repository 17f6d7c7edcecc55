import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeResultFile } from '../../../manifests/answer/result-file.ts';
import type { ResultRow } from '../../../provisioning/result-row.ts';
import { readCsv } from '../csv/read-csv.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PASSED: ResultRow = {
  serial: 'CL-1',
  product: 'golioth-node',
  attrs: { hw_rev: 'B2', lot: '=1+1' },
  outcome: 'PASS',
  certificateSerial: '40ff',
  certificateSha256: 'ab'.repeat(32),
  boardId: 'c0ffee01',
  stationId: 'station-1',
  socket: 'A1',
  attempts: 2,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:05.000Z',
  seconds: 4.25,
  decision: 'retry',
  reason: 'board replaced',
  decidedBy: 'A. Berg',
};

const OF = { batchId: 'PO-1-a', order: 'PO-1', attributes: ['hw_rev', 'lot'], version: 2 };

async function* rows(count: number): AsyncGenerator<ResultRow> {
  for (let at = 1; at <= count; at += 1) yield { ...PASSED, serial: `CL-${at}` };
}

describe('the result of a batch', () => {
  it('has a row for every unit, in the order given, and leaves empty what is not known', async () => {
    const path = join(temporaryFolder(), 'lot7.result.csv');
    async function* some(): AsyncGenerator<ResultRow> {
      yield PASSED;
      yield {
        serial: 'CL-2',
        product: 'golioth-node',
        attrs: {},
        outcome: 'ERROR',
        code: 'SMP_TIMEOUT',
        attempts: 1,
      };
      yield { serial: 'CL-3', product: '=evil', attrs: { lot: 'ü"' }, attempts: 0 };
    }
    expect(await writeResultFile(path, OF, some())).toBe(3);
    const found = readCsv(path);
    expect(readFileSync(path, 'utf8')).toMatch(/^\uFEFF"order",/);
    expect(found[0]).toEqual({
      order: 'PO-1',
      batch: 'PO-1-a',
      serial: 'CL-1',
      product: 'golioth-node',
      outcome: 'PASS',
      code: '',
      certificate_serial: '40ff',
      certificate_sha256: 'ab'.repeat(32),
      board_id: 'c0ffee01',
      station: 'station-1',
      socket: 'A1',
      attempts: '2',
      started: '2026-01-01T00:00:00.000Z',
      finished: '2026-01-01T00:00:05.000Z',
      seconds: '4.3',
      decision: 'retry',
      reason: 'board replaced',
      decided_by: 'A. Berg',
      result_version: '2',
      'attr.hw_rev': 'B2',
      'attr.lot': "'=1+1",
    });
    expect(found[1]).toMatchObject({ outcome: 'ERROR', code: 'SMP_TIMEOUT', board_id: '', finished: '' });
    expect(found[2]).toMatchObject({
      product: "'=evil",
      outcome: '',
      attempts: '0',
      'attr.hw_rev': '',
      'attr.lot': 'ü"',
    });
  });

  it('streams any number of units', async () => {
    const path = join(temporaryFolder(), 'lot7.result.csv');
    expect(await writeResultFile(path, OF, rows(1_234))).toBe(1_234);
    const found = readCsv(path);
    expect(found.map((row) => row['serial'])).toEqual(
      Array.from({ length: 1_234 }, (_row, at) => `CL-${at + 1}`),
    );
  });

  it('leaves the former result as it was when it cannot be finished', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'lot7.result.csv');
    writeFileSync(path, 'the former one');
    async function* broken(): AsyncGenerator<ResultRow> {
      yield* rows(600);
      throw new Error('the registry is gone');
    }
    await expect(writeResultFile(path, OF, broken())).rejects.toMatchObject({
      message: 'the registry is gone',
    });
    expect(readFileSync(path, 'utf8')).toBe('the former one');
    expect(readdirSync(folder)).toEqual(['lot7.result.csv']);
  });
});
