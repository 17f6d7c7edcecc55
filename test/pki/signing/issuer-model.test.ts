import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeChain } from '../../../pki/audit/audit-chain.ts';
import { describeCertificate } from '../../../pki/lint/certificate-facts.ts';
import { lintCertificate } from '../../../pki/lint/certificate-linter.ts';
import { PkiError } from '../../../pki/pki-error.ts';
import { makeCa } from '../leaf.ts';
import type { CsrRequest } from './gated-issuer.ts';
import { auditOf, makeLine, release, requestFor } from './signing-line.ts';
import type { SigningLine } from './signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);

const SERIALS = ['ACME-1', 'ACME-2', 'ACME-3'];
const QUOTA = { quota: 3, reissueQuota: 4 };

type Action =
  | { readonly do: 'issue'; readonly serial: number; readonly attempt: number; readonly board: number }
  | { readonly do: 'repeat' | 'activate' | 'revoke'; readonly which: number }
  | { readonly do: 'fail-next' };

const serial = fc.nat(SERIALS.length - 1);
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('issue' as const),
      serial,
      attempt: fc.integer({ min: 1, max: 5 }),
      board: fc.nat(2),
    }),
    fc.record({
      do: fc.constantFrom('repeat' as const, 'activate' as const, 'revoke' as const),
      which: fc.nat(20),
    }),
    fc.record({ do: fc.constant('fail-next' as const) }),
  ),
  { minLength: 5, maxLength: 30 },
);

/** In two bursts: a certificate that is active, one revoked, one superseded, one issued. */
const EVERY_END: Action[] = [
  { do: 'issue', serial: 0, attempt: 1, board: 0 },
  { do: 'issue', serial: 1, attempt: 1, board: 1 },
  { do: 'issue', serial: 2, attempt: 1, board: 2 },
  { do: 'activate', which: 0 },
  { do: 'revoke', which: 1 },
  { do: 'issue', serial: 2, attempt: 2, board: 2 },
];

/** Runs actions in bursts of three at once and remembers what each request was given. */
class Run {
  readonly line: SigningLine;
  readonly requests: CsrRequest[] = [];
  readonly given = new Map<string, string>();

  constructor(line: SigningLine) {
    this.line = line;
  }

  async act(action: Action): Promise<void> {
    if (action.do === 'fail-next') return this.failNext();
    if (action.do === 'issue') return this.issue(this.newRequest(action));
    const request = this.requests[action.which % Math.max(1, this.requests.length)];
    if (request === undefined) return undefined;
    if (action.do === 'repeat') return this.issue(request);
    if (action.do === 'activate') await this.line.issuer.activate([request.requestId]);
    else await this.line.issuer.revoke({ requestId: request.requestId }, 'superseded');
  }

  newRequest(action: Extract<Action, { do: 'issue' }>): CsrRequest {
    const request = requestFor(SERIALS[action.serial]!, {
      requestId: `r${this.requests.length}`,
      attempt: action.attempt,
      boardId: `board-${action.board}`,
    });
    this.requests.push(request);
    return request;
  }

  async issue(request: CsrRequest): Promise<void> {
    const { certificateSha256 } = await this.line.issuer.issue(request);
    const before = this.given.get(request.requestId) ?? certificateSha256;
    if (before !== certificateSha256) throw new Error(`${request.requestId} was given two certificates`);
    this.given.set(request.requestId, certificateSha256);
  }

  async failNext(): Promise<void> {
    this.line.signer.tamper = () => {
      this.line.signer.tamper = (signature) => signature;
      throw new Error('token gone');
    };
  }
}

const REFUSALS = new Set([
  'ALREADY_ISSUED',
  'BOARD_BOUND',
  'SERIAL_BOUND',
  'QUOTA_EXCEEDED',
  'CERTIFICATE_WITHDRAWN',
  'ISSUANCE_UNKNOWN',
  'CA_UNAVAILABLE',
]);

/** The invariants of the ledger, from its tables, audit log and certificates alone. */
async function checkInvariants({ sql, ledger, signer }: SigningLine): Promise<void> {
  const rows = await sql('SELECT * FROM issuance');
  const live = rows.filter(({ state }) => ['signing', 'issued', 'active'].includes(String(state)));
  const distinct = (column: string, of = rows): number => new Set(of.map((row) => row[column])).size;
  expect(distinct('serial_folded', live)).toBe(live.length);
  expect(distinct('board_id', live)).toBe(live.length);
  expect(distinct('spki_sha256')).toBe(rows.length);
  expect(distinct('cert_serial')).toBe(rows.length);
  expect(rows.length).toBeLessThanOrEqual(QUOTA.quota + QUOTA.reissueQuota);
  const batch = await sql('SELECT reserved + reissued AS used FROM batch');
  expect(batch).toEqual([{ used: rows.length }]);
  expect(await ledger.verification.findings()).toEqual([]);
  const audited = await auditOf(ledger);
  expect((await judgeChain(ledger.auditLog.auditEntries())).brokenEntry).toBeUndefined();
  const signing = audited.filter(({ body }) => body.includes('"event":"signing"'));
  expect(signing.length).toBe(signer.signatures);
  for (const row of rows) {
    if (!(row['certificate'] instanceof Uint8Array)) continue;
    expect(lintCertificate(row['certificate'], { issuer: ca.facts, signed: true })).toEqual([]);
    const facts = describeCertificate(row['certificate'], ca.chain);
    expect(facts).toMatchObject({ spkiSha256: row['spki_sha256'], certificateSerial: row['cert_serial'] });
  }
}

describe('any sequence of requests, repeats, activations, revocations and failures', () => {
  it('keeps the invariants of the ledger', async () => {
    const statesSeen = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(actions, async (list) => {
        const line = makeLine(folder, ca);
        await release(line, SERIALS, QUOTA);
        const run = new Run(line);
        for (let start = 0; start < list.length; start += 3) {
          const burst = list.slice(start, start + 3).map((action) => run.act(action));
          for (const result of await Promise.allSettled(burst)) {
            if (result.status === 'fulfilled') continue;
            const error: unknown = result.reason;
            if (!(error instanceof PkiError) || !REFUSALS.has(error.code)) throw error;
          }
          await checkInvariants(line);
        }
        for (const { state } of await line.sql('SELECT DISTINCT state FROM issuance')) statesSeen.add(state);
        await line.ledger.close();
      }),
      { numRuns: 25, examples: [[EVERY_END]] },
    );
    expect([...statesSeen]).toEqual(expect.arrayContaining(['issued', 'active', 'superseded', 'revoked']));
  });
});
