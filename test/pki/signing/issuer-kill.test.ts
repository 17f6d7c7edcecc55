import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { judgeChain } from '../../../pki/audit/audit-chain.ts';
import { ISSUE_STEPS } from '../../../pki/signing/issuer.ts';
import { makeStoredCa } from '../leaf.ts';
import type { CsrRequest } from './gated-issuer.ts';
import { makeLine, openLine, release, requestFor } from './signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeStoredCa(folder);
const script = new URL('./issue-and-die.ts', import.meta.url).pathname;

/** Runs `issue` in a process of its own; the signal that ended it, or null. */
async function issueAndDie(path: string, step: string, request: CsrRequest): Promise<NodeJS.Signals | null> {
  const json = JSON.stringify({ ...request, csr: Buffer.from(request.csr).toString('base64') });
  const child = spawn(process.execPath, [script, ca.directory, path, step, json], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal;
}

describe('kill -9 between any two steps of issue', () => {
  it.each(ISSUE_STEPS)('after %s: the same request ends with exactly one certificate', async (step) => {
    const line = makeLine(folder, ca);
    await release(line, ['ACME-1']);
    await line.ledger.close();
    const request = requestFor('ACME-1');
    expect(await issueAndDie(line.path, step, request)).toBe('SIGKILL');

    const { issuer, ledger, sql, signer } = openLine(line.path, ca);
    const found = await issuer.find(request.requestId);
    const issued = await issuer.issue(request);
    expect(await issuer.issue(request)).toEqual(issued);
    const rows = await sql('SELECT cert_serial, tbs, state FROM issuance');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ state: 'issued', cert_serial: issued.certificateSerial });
    if (found !== undefined) {
      expect(found.certificateSerial).toBe(issued.certificateSerial);
      expect(Buffer.from(issued.certificate).includes(Buffer.from(found.tbs))).toBe(true);
    }
    if (found?.certificate !== undefined)
      expect(Buffer.compare(found.certificate, issued.certificate)).toBe(0);
    expect(signer.signatures).toBe(step === 'recorded' ? 0 : 1);
    expect(await sql('SELECT reserved, reissued FROM batch')).toEqual([{ reserved: 1, reissued: 0 }]);
    expect((await judgeChain(ledger.auditLog.auditEntries())).brokenEntry).toBeUndefined();
  });

  it('and without a kill the other process leaves the certificate to be found', async () => {
    const line = makeLine(folder, ca);
    await release(line, ['ACME-1']);
    const request = requestFor('ACME-1');
    expect(await issueAndDie(line.path, 'none', request)).toBeNull();
    expect((await line.issuer.find(request.requestId))?.state).toBe('issued');
    await line.issuer.issue(request);
    expect(line.signer.signatures).toBe(0);
  });
});
