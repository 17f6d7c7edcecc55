import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dropNextLot } from '../../../cli/line/demo-lot.ts';
import { writeAnswer } from '../../../manifests/answer/write-answer.ts';
import { dropManifest } from '../../../manifests/intake/drop-manifest.ts';
import type { BatchRecord } from '../../../registry/registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const accepted = (manifest: string): BatchRecord => ({ manifest }) as BatchRecord;

describe('the next lot of the demo', () => {
  it('has the number after the highest that was accepted', async () => {
    const inbox = temporaryFolder();
    const batches = [accepted('lot-0007.csv'), accepted('lot-0002.csv'), accepted('other.csv')];
    expect(await dropNextLot(inbox, batches, 'node', 2)).toBe('lot-0008.csv');
    expect(readdirSync(inbox)).toEqual(['lot-0008.csv']);
  });

  it('is the one that an earlier start dropped, as long as nobody answered it', async () => {
    const inbox = temporaryFolder();
    expect(await dropNextLot(inbox, [], 'node', 2)).toBe('lot-0001.csv');
    expect(await dropNextLot(inbox, [], 'node', 2)).toBe('lot-0001.csv');
  });

  it('leaves alone what was answered, and files of others', async () => {
    const inbox = temporaryFolder();
    await dropNextLot(inbox, [], 'node', 2);
    writeFileSync(join(inbox, 'lot-0002.csv'), 'another one');
    const dropped = await dropManifest(inbox, 'lot-0001.csv', readFileSync(join(inbox, 'lot-0001.csv')));
    const verdict = {
      status: 'accepted',
      batchId: 'b',
      order: 'o',
      rows: 2,
      importedAt: '2026-01-01',
    } as const;
    await writeAnswer(inbox, dropped!, verdict);
    expect(await dropNextLot(inbox, [], 'node', 2)).toBe('lot-0003.csv');
  });
});
