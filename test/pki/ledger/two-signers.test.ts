import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { judgeChain } from '../../../pki/audit/audit-chain.ts';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import type { CsrRequest } from '../signing/gated-issuer.ts';
import { LEDGER } from '../../../pki/ledger/ledger-database.ts';
import { PostgresDatabase } from '../../../sql/postgres-database.ts';
import { FAILURES } from '../../../provisioning/failure-table.ts';
import { makeCa } from '../leaf.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../../support/postgres-server.ts';
import { lineOver, release, requestFor } from '../signing/signing-line.ts';
import type { SigningLine } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ca = await makeCa(temporaryFolder());
const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
const open: PostgresDatabase[] = [];
let server: PostgresServer;
let databases = 0;

/** Two signers, each with connections of its own to one database. */
async function twoSigners(prepare?: (name: string) => Promise<unknown>): Promise<[SigningLine, SigningLine]> {
  databases += 1;
  const url = server.createDatabase(`ledger_${databases}`);
  await prepare?.(`ledger_${databases}`);
  const signer = async (): Promise<SigningLine> => {
    const database = await PostgresDatabase.open(LEDGER, { url });
    open.push(database);
    return lineOver(database, ca);
  };
  return [await signer(), await signer()];
}

/** What both make of these requests, asked at once: hex of the certificate, or the code of the refusal. */
async function askBoth(
  [one, other]: readonly [SigningLine, SigningLine],
  toOne: readonly CsrRequest[],
  toOther: readonly CsrRequest[],
): Promise<[string[], string[]]> {
  const answer = ({ issuer }: SigningLine, request: CsrRequest): Promise<string> =>
    issuer.issue(request).then(
      ({ certificate }) => Buffer.from(certificate).toString('hex'),
      (error: { code: string }) => error.code,
    );
  const ask = (line: SigningLine, requests: readonly CsrRequest[]): Promise<string[]> =>
    Promise.all(
      requests.map(async (request) => {
        // A slow machine may leave one signer waiting too long for the other's lock; a worker then tries again, too.
        for (let tries = 1; ; tries += 1) {
          const given = await answer(line, request);
          if (given !== 'LEDGER_UNAVAILABLE' || tries === FAILURES.LEDGER_UNAVAILABLE.attempts) return given;
        }
      }),
    );
  return await Promise.all([ask(one, toOne), ask(other, toOther)]);
}

const serialsOf = (count: number): string[] => Array.from({ length: count }, (_, at) => `ACME-${at + 1}`);
const isCertificate = (answer: string): boolean => /^30[0-9a-f]+$/.test(answer);

async function expectWhole({ ledger, sql }: SigningLine): Promise<void> {
  expect((await judgeChain(ledger.auditLog.auditEntries())).brokenEntry).toBeUndefined();
  for (const column of ['serial_folded', 'board_id']) {
    const live = `state IN ('signing', 'issued', 'active')`;
    const twice = `SELECT ${column} FROM issuance WHERE ${live} GROUP BY 1 HAVING count(*) > 1`;
    expect(await sql(twice)).toEqual([]);
  }
  expect(
    await sql(`SELECT 1 AS row FROM issuance WHERE state NOT IN ('issued', 'superseded', 'void')`),
  ).toEqual([]);
}

describe.skipIf(!POSTGRES_INSTALLED)(
  'two signers on one PostgreSQL ledger (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start(root);
    });

    afterEach(async () => {
      await Promise.all(open.splice(0).map((database) => database.close()));
    });

    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it('give the same requests the same bytes, however they meet', async () => {
      const pair = await twoSigners();
      const serials = serialsOf(40);
      await release(pair[0], serials);
      const requests = serials.map((serial) => requestFor(serial));
      const [first, second] = await askBoth(pair, requests, requests.toReversed());
      expect(first.every(isCertificate)).toBe(true);
      expect(second.toReversed()).toEqual(first);
      expect(await pair[0].sql('SELECT count(*)::int AS rows FROM issuance')).toEqual([{ rows: 40 }]);
      await expectWhole(pair[0]);
    });

    it('certify one key of each unit when both are asked for another at once', async () => {
      const pair = await twoSigners();
      const serials = serialsOf(30);
      await release(pair[0], serials, { reissueQuota: 0 });
      const ask = (where: string): CsrRequest[] =>
        serials.map((serial) =>
          requestFor(serial, { requestId: `b1/${serial}/1/${where}`, boardId: `${where}-${serial}` }),
        );
      const [first, second] = await askBoth(pair, ask('one'), ask('other'));
      serials.forEach((_serial, at) => {
        const answers = [first[at]!, second[at]!];
        expect(answers.filter(isCertificate)).toHaveLength(1);
        expect(answers).toContain('ALREADY_ISSUED');
      });
      await expectWhole(pair[0]);
    });

    it('certify a key once, and put one certificate on a board, whoever is asked', async () => {
      const pair = await twoSigners();
      await release(pair[0], serialsOf(40));
      const csr = generateDeviceKey().createCsr({ serial: 'ACME-1' });
      const board = { boardId: 'the-board' };
      const asked = (from: number): CsrRequest[] => [
        ...serialsOf(40)
          .slice(from, from + 10)
          .map((serial) => requestFor(serial, { csr })),
        ...serialsOf(40)
          .slice(from + 20, from + 30)
          .map((serial) => requestFor(serial, board)),
      ];
      const answers = await askBoth(pair, asked(0), asked(10));
      const [keys, boards] = [
        answers.flatMap((all) => all.slice(0, 10)),
        answers.flatMap((all) => all.slice(10)),
      ];
      expect(keys.filter(isCertificate)).toHaveLength(1);
      expect(new Set(keys.filter((answer) => !isCertificate(answer)))).toEqual(new Set(['KEY_REUSED']));
      // Whoever has the board last displaces the others, which nobody has put to use yet.
      expect(boards.some(isCertificate)).toBe(true);
      const displaced = boards.filter((answer) => !isCertificate(answer));
      expect(displaced.filter((answer) => answer !== 'CERTIFICATE_WITHDRAWN')).toEqual([]);
      await expectWhole(pair[0]);
    });

    it('share one allowance of reissues, to the last', async () => {
      const pair = await twoSigners();
      const serials = serialsOf(20);
      await release(pair[0], serials, { reissueQuota: 7 });
      await askBoth(
        pair,
        serials.map((serial) => requestFor(serial)),
        [],
      );
      const retry = (from: number): CsrRequest[] =>
        serials.slice(from, from + 10).map((serial) => requestFor(serial, { attempt: 2 }));
      const answers = (await askBoth(pair, retry(0), retry(10))).flat();
      expect(answers.filter(isCertificate)).toHaveLength(7);
      expect(new Set(answers.filter((answer) => !isCertificate(answer)))).toEqual(
        new Set(['QUOTA_EXCEEDED']),
      );
      expect(await pair[1].ledger.orders.orderStanding('PO-1')).toMatchObject({ reissued: 7 });
      await expectWhole(pair[0]);
    });

    it('are right on a server that would have transactions see an older state', async () => {
      const pair = await twoSigners((name) =>
        server.sql(name, `ALTER DATABASE ${name} SET default_transaction_isolation = 'repeatable read'`),
      );
      const serials = serialsOf(20);
      await release(pair[0], serials);
      const requests = serials.map((serial) => requestFor(serial));
      const [first, second] = await askBoth(pair, requests, requests);
      expect(second).toEqual(first);
      expect(first.every(isCertificate)).toBe(true);
      await expectWhole(pair[0]);
    });
  },
);
