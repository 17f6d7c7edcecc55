import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lotFacts } from '../../reports/lot-report/lot-facts.ts';
import { writeLotReport } from '../../reports/lot-report/lot-report.ts';
import { newBatch, openedRegistry, registration, serialsFrom } from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const EVIL = `<img src=x onerror="alert('1')">&\u202E`;

/** 60 units on two sockets: B2 fails every second one; one unit is scrapped, one on hold, one waits and one is open. */
async function lot() {
  const registry = openedRegistry();
  const serials = serialsFrom(1, 60);
  async function* rows() {
    for (const serial of serials) yield { serial, product: 'node', attrs: { note: EVIL } };
  }
  await registry.importBatch({ ...newBatch('1', 60), manifest: `${EVIL}.csv` }, rows());
  await registry.recordStart('PO-1');
  const code = 'BOARD_GONE';
  for (const [at, serial] of serials.slice(0, 56).entries()) {
    const socket = at % 2 === 0 ? 'A1' : 'B2';
    const place = { stationId: EVIL, socket };
    if (at % 4 === 1)
      await registry.recordAttention({
        batchId: 'PO-1',
        serial,
        attempt: 1,
        step: 'flashCredentials',
        code,
        message: EVIL,
        ...place,
      });
    const steps = {
      generateKeypair: '2026-01-01T00:00:00.000Z',
      signCertificate: '2026-01-01T01:00:02.000Z',
      flashCredentials: '2026-01-01T01:00:02.500Z',
    };
    const attempt = at % 4 === 1 ? 2 : 1;
    await registry.registerUnit({ ...registration(serial, attempt), ...place, evidence: { steps } });
  }
  const by = { by: EVIL, reason: EVIL, decidedAt: '2026-01-02T00:00:00.000Z' };
  const failure = { batchId: 'PO-1', attempt: 1, step: 'verifyReadback', code: 'READ_BACK_DIFFERS' } as const;
  await registry.recordOutcome({
    ...failure,
    serial: serials[56]!,
    outcome: 'FAIL',
    decision: { verdict: 'scrap', ...by },
  });
  await registry.recordOutcome({
    ...failure,
    serial: serials[57]!,
    outcome: 'HOLD',
    decision: { verdict: 'skip', ...by },
  });
  await registry.recordAttention({ ...failure, serial: serials[58]! });
  await registry.recordBatchDecision('PO-1', { verdict: 'pause', ...by });
  return registry;
}

it('has counts that add up, both yields, failures by cause and place, and step times', async () => {
  const facts = await lotFacts(await lot(), 'PO-1');
  expect(facts).toMatchObject({
    ordered: 60,
    passed: 56,
    failed: 1,
    scrapped: 1,
    errors: 0,
    held: 1,
    open: 2,
  });
  expect(facts.passed + facts.failed + facts.errors + facts.held + facts.open).toBe(facts.ordered);
  expect(facts).toMatchObject({ firstPass: 42, attempts: 73 });
  expect(facts.codes).toEqual([
    { name: 'BOARD_GONE', failed: 14, tried: 14 },
    { name: 'READ_BACK_DIFFERS', failed: 3, tried: 3 },
  ]);
  expect(facts.steps.slice(0, 2)).toEqual([
    { name: 'flashCredentials', failed: 14, tried: 73 },
    { name: 'verifyReadback', failed: 3, tried: 59 },
  ]);
  // All failures that have a place are in one of two sockets.
  expect(facts.sockets).toEqual([
    { name: `${EVIL}/B2`, failed: 14, tried: 42, isWorn: true },
    { name: `${EVIL}/A1`, failed: 0, tried: 28, isWorn: false },
  ]);
  // From the claim, not from the beginning of the wait for a board.
  expect(facts.times.slice(0, 2)).toEqual([
    { step: 'generateKeypair', units: 56, median: 2, p95: 2 },
    { step: 'signCertificate', units: 56, median: 0.5, p95: 0.5 },
  ]);
});

it('is one page without scripts and addresses of other hosts, in which nothing that people wrote is markup', async () => {
  const registry = await lot();
  const path = join(temporaryFolder(), 'report.html');
  await writeLotReport(registry, (await registry.batch('PO-1'))!, path);
  const page = readFileSync(path, 'utf8');
  if (process.env['KEEP_REPORT']) copyFileSync(path, process.env['KEEP_REPORT']);
  expect(page).not.toMatch(/<(?:img|script|link|iframe|object|image|use|foreignObject)\b/i);
  // Of attributes, only namespaces of SVG have addresses.
  expect(page.replaceAll(/ xmlns(?::xlink)?="http:\/\/www\.w3\.org\/[\w/]+"/g, '')).not.toMatch(
    /https?:|url\(|@import/,
  );
  expect(page).not.toMatch(/<[a-z]+[^>]* on\w+=/i);
  expect(page).not.toContain('\u202E');
  expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;\\u{202e}');
  expect(page.match(/<svg/g)).toHaveLength(5);
  expect(page.match(/<tr><td>CL-0000\d\d<\/td>/g)).toHaveLength(60);
  expect(page).toContain('56 passed + 1 failed + 0 errors + 1 held + 2 open = 60 ordered');
  expect(page).toContain('70.0 %');
});
