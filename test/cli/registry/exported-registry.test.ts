import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CommandError } from '../../../cli/exit-status.ts';
import { openExportedRegistry } from '../../../cli/registry/exported-registry.ts';
import type { ExportedRegistry } from '../../../cli/registry/exported-registry.ts';
import { ensureRoleKey } from '../../../pki/keys/station-key.ts';
import { signRegistry } from '../../../pki/signing/registry-statement.ts';
import { temporaryFile, temporaryFolder } from '../../support/temporary-folder.ts';

const INTAKE = ensureRoleKey(join(temporaryFolder(), 'intake.pem'), 'intake');

const batch = (batchId: string, quantity: number) => ({
  batchId,
  order: 'PO-1',
  manifest: 'lot.csv',
  manifestSha256: 'ab',
  quantity,
  state: 'closed',
  importedAt: '2026-01-01T00:00:00.000Z',
});
const dossier = (serial: string) => ({
  serial,
  product: 'node',
  attributes: { note: 'ü\u2028' },
  outcome: 'HOLD',
  attempts: [],
  certificates: [],
  decisions: [],
});
const unit = (serial: string) => ({ unit: { serial, certificates: [], dossier: dossier(serial) } });

/** What a host exports that has the key of an intake, whatever it has become. */
async function exported(lines: readonly unknown[], found: object = {}): Promise<ExportedRegistry> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const counted = { batches: 0, units: 0, certificates: 0, ...found };
  const sha256 = createHash('sha256').update(text).digest('hex');
  const end = { ...counted, sha256, exportedAt: '2026-01-02T00:00:00.000Z' };
  const last = JSON.stringify({ end, signature: signRegistry(end, INTAKE.privateKey) });
  return await openExportedRegistry(temporaryFile(`${text}${last}\n`), [INTAKE.verifier]);
}

it('an exported registry gives the batches, decisions and units of the file, whatever is in their texts', async () => {
  const decisions = [{ verdict: 'close', reason: 'a\u2028b\u0085c', decidedAt: '2026-01-01T00:00:00.000Z' }];
  const registry = await exported(
    [
      { batch: batch('b1', 1), decisions },
      unit('CL-1'),
      { batch: batch('b2', 2) },
      unit('CL-2'),
      unit('CL-3'),
    ],
    { batches: 2, units: 3 },
  );
  expect((await registry.listBatches()).map(({ batchId }) => batchId)).toEqual(['b1', 'b2']);
  expect(await registry.batchDecisions('b1')).toEqual(decisions);
  expect(await Array.fromAsync(registry.dossierUnits('b2'))).toEqual([dossier('CL-2'), dossier('CL-3')]);
});

it.each<[string, unknown]>([
  ['nothing', null],
  ['a list', []],
  ['a batch that is none', { batch: null }],
  ['a batch that is called like a file elsewhere', { batch: batch('b1/../../x', 1) }],
  ['a decision that is none', { batch: batch('b1', 1), decisions: [{ verdict: 'close', reason: 0.5 }] }],
  ['a unit that is none', { unit: null }],
  ['a unit without certificates', { unit: { serial: 'CL-1' } }],
  ['a certificate that is none', { unit: { serial: 'CL-1', certificates: [null] } }],
  [
    'a dossier that is none',
    {
      unit: {
        serial: 'CL-1',
        certificates: [],
        dossier: { ...dossier('CL-1'), attempts: [{ attempt: 0.5 }] },
      },
    },
  ],
  ['an end that is none', { end: null, signature: '' }],
])('an exported registry with %s is refused, although an intake signed it', async (_what, line) => {
  const opening = exported([line]);
  await expect(opening).rejects.toBeInstanceOf(CommandError);
  await expect(opening).rejects.toMatchObject({
    reason: 'auditBroken',
    message: expect.stringContaining('has a text line that is not of an export'),
  });
});

it('an exported registry brings of a unit nothing that a dossier does not have', async () => {
  const line = { unit: { ...unit('CL-1').unit, dossier: { ...dossier('CL-1'), stamp: 'certified' } } };
  const registry = await exported([{ batch: batch('b1', 1) }, line], { batches: 1, units: 1 });
  expect(await Array.fromAsync(registry.dossierUnits('b1'))).toEqual([dossier('CL-1')]);
});
