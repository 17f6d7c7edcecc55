import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openSqliteLedger } from '../../pki/sqlite-ledger.ts';
import { ensureDemoCa } from '../../workers/line-ca.ts';
import { keepCrl, publishCrl } from '../../workers/line-crl.ts';
import { crlPath, ledgerPath } from '../../workers/state-folder.ts';
import { issueInto } from '../cli/issued-lot.ts';

it('a signer publishes a list when it starts and one is due, and otherwise leaves it', async () => {
  const stateFolder = mkdtempSync(join(tmpdir(), 'certline-crl-'));
  onTestFinished(() => rmSync(stateFolder, { recursive: true, force: true }));
  const ca = await ensureDemoCa(stateFolder);
  await issueInto({ state: stateFolder }, ['CL-1'], ca);
  const ledger = openSqliteLedger(ledgerPath(stateFolder));
  onTestFinished(() => ledger.close());
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const text = (): string =>
    execFileSync('openssl', ['crl', '-in', crlPath(stateFolder), '-noout', '-text'], { encoding: 'utf8' });
  const runUntil = async (done: () => boolean): Promise<void> => {
    const role = keepCrl({ ca, ledger, stateFolder, log });
    await vi.waitFor(() => expect(done()).toBe(true), { timeout: 20_000 });
    await role.stop();
  };

  await runUntil(() => lines.length === 1);
  expect(text()).toContain('No Revoked Certificates');
  await ledger.revoke('b1/CL-1/1', 'keyCompromise');
  await runUntil(() => lines.length === 2);
  expect(text()).toContain('Key Compromise');

  const published = readFileSync(crlPath(stateFolder));
  const role = keepCrl({ ca, ledger, stateFolder, log });
  await role.stop();
  expect(lines).toHaveLength(2);
  expect(readFileSync(crlPath(stateFolder))).toEqual(published);
  expect((await publishCrl({ ca, ledger, stateFolder })).number).toBe(3);
});
