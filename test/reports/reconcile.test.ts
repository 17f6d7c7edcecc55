import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ReconciledCounts } from '../../reports/reconciliation.ts';
import { reconcile } from '../../reports/reconcile.ts';
import type { SignerRecords } from '../../reports/reconcile.ts';
import { registryOf, signerRecords } from './large-lot.ts';

const SCRIPT = fileURLToPath(new URL('./reconcile-large-lot.ts', import.meta.url));

/** As two runs of one size differ; 100,000 rows in memory are ten times as much. */
const GROWTH_MAX_KIB = 24 * 1_024;

/** A heap in which 100,000 rows have no room, so that the peak says what is kept and not when Node collects. */
const SMALL_HEAP = ['--max-semi-space-size=4', '--max-old-space-size=40'];

interface Ran {
  readonly counts: ReconciledCounts;
  readonly differences: readonly unknown[];
  readonly maxRss: number;
}

async function ran(count: number): Promise<Ran> {
  const { stdout } = await promisify(execFile)(process.execPath, [...SMALL_HEAP, SCRIPT, String(count)]);
  return JSON.parse(stdout) as Ran;
}

describe('reconciliation', () => {
  it('takes no more memory for 100,000 certificates than for 10,000', { timeout: 180_000 }, async () => {
    const [small, large] = [await ran(10_000), await ran(100_000)];
    expect(large.differences).toEqual([]);
    expect(large.counts).toEqual({
      signatures: 100_000,
      ledgerRows: 100_000,
      auditEntries: 300_000,
      registeredCertificates: 100_000,
      manifestRows: 100_000,
    });
    expect(large.maxRss - small.maxRss).toBeLessThan(GROWTH_MAX_KIB);
  });

  it('names the rows that any page of it lost', async () => {
    const count = 2_500;
    const { issuances } = signerRecords(count).issuances;
    const lossy: SignerRecords = {
      ...signerRecords(count),
      issuances: {
        async *issuances() {
          for await (const row of issuances()) if (!/-(?:0|1000|2499)$/.test(row.serial)) yield row;
        },
      },
    };
    const { counts, differences } = await reconcile(lossy, registryOf(count));
    expect(counts.ledgerRows).toBe(count - 3);
    const of = (code: string): string[] =>
      differences.filter((difference) => difference.code === code).map(({ what }) => what);
    expect(of('ledger-missing')).toEqual(['b1/CL-0/1', 'b1/CL-1000/1', 'b1/CL-2499/1']);
    expect(of('registered-not-issued').map((what) => what.split(' ')[0])).toEqual([
      'CL-0',
      'CL-1000',
      'CL-2499',
    ]);
    expect(differences).toHaveLength(6);
  });
});
