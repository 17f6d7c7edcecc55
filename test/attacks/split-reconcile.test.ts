import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { registryPath } from '../../line/state-folder.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { issueInto } from '../cli/issued-lot.ts';
import { newPlace } from '../support/certline.ts';
import type { Place } from '../support/certline.ts';

/** What the intake prints, typed at the signer. */
async function admit(signer: Place, printed: string): Promise<void> {
  const words = printed.trim().replaceAll("'", '').split(' ').slice(1);
  expect(await signer.certline(...words)).toMatchObject({ status: 0 });
}

it('a stranger’s certificate in a registry on another host is found at the signer', async () => {
  const [signer, orchestrator] = [newPlace(), newPlace()];
  const [issued] = await issueInto(signer, ['CL-1']);
  const registry = openRegistryFile(registryPath(orchestrator.state));
  const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
  await registry.importBatch({ ...batch, quantity: 2 }, rows('CL-1', 'CL-2'));
  const registration = { batchId: 'b1', attempt: 1, stationId: 'st-1', socket: '1', evidence: {} };
  const times = { startedAt: '2026-01-01T00:00:00.000Z', verifiedAt: '2026-01-01T00:00:01.000Z' };
  await registry.registerUnit({ ...registration, ...times, ...issued!, serial: 'CL-1', boardId: 'a' });
  const [strange] = await issueInto(newPlace(), ['CL-2']);
  await registry.registerUnit({ ...registration, ...times, ...strange!, serial: 'CL-2', boardId: 'b' });
  await registry.close();
  const file = join(orchestrator.folder, 'registry.jsonl');
  const reconcile = () => signer.certline('audit', 'reconcile', '--registry', file);
  expect(await reconcile()).toMatchObject({ status: 5 });
  expect(await orchestrator.certline('registry', 'export', file)).toMatchObject({ status: 0 });
  expect(await orchestrator.certline('registry', 'export', file)).toMatchObject({ status: 6 });
  const unknown = await reconcile();
  expect(unknown.status).toBe(33);
  expect(unknown.stderr).toContain('not signed by an intake that is admitted here');
  await admit(signer, (await orchestrator.certline('intake', 'enroll')).stdout);
  const compared = await reconcile();
  expect(compared.status).toBe(33);
  expect(compared.stdout).toContain('registered-not-issued');
  expect(compared.stdout).toContain('2 registered certificates, 2 manifest rows');
  const text = readFileSync(file, 'utf8');
  for (const [changed, why] of [
    [
      text
        .split('\n')
        .filter((line) => !line.includes('"CL-2"'))
        .join('\n'),
      'was changed',
    ],
    [text.replace('"CL-2"', '"CL-3"'), 'was changed'],
    [text.split('\n').slice(0, -2).join('\n'), 'has no end'],
    [`${text}{"batch":{}}\n`, 'more behind its end'],
    ['rubbish\n', 'not of an export'],
  ] as const) {
    writeFileSync(file, changed);
    const refused = await reconcile();
    expect(refused.status).toBe(33);
    expect(refused.stderr).toContain(why);
  }
});

async function* rows(...serials: string[]) {
  for (const serial of serials) yield { serial, product: 'golioth-node', attrs: {} };
}
