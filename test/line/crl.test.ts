import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { crlIn } from '../../pki/x509/crl-file.ts';
import { readCrl } from '../../pki/x509/crl-reader.ts';
import { openSqliteLedger } from '../support/sqlite-ledger.ts';
import { ensureDemoCa } from '../../line/ca.ts';
import { crlPublisher, publishCrl, registryUpdater } from '../../line/crl.ts';
import { caFolder, crlPath, ledgerPath, registryPath } from '../../line/state-folder.ts';
import { issueInto } from '../cli/issued-lot.ts';
import { imported, openedRegistry, registration } from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('a signer publishes a list when it starts and one is due, and otherwise leaves it', async () => {
  const stateFolder = temporaryFolder();
  const ca = await ensureDemoCa(stateFolder);
  await issueInto({ state: stateFolder }, ['CL-1'], ca);
  const ledger = openSqliteLedger(ledgerPath(stateFolder));
  onTestFinished(() => ledger.close());
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const text = (): string =>
    execFileSync('openssl', ['crl', '-in', crlPath(stateFolder), '-noout', '-text'], { encoding: 'utf8' });
  const publish = crlPublisher({ ca, ledger, stateFolder }, log);

  await publish();
  expect(lines).toHaveLength(1);
  expect(text()).toContain('No Revoked Certificates');
  await ledger.issuances.revoke('b1/CL-1/1', 'keyCompromise', 'a person');
  await publish();
  expect(lines).toHaveLength(2);
  expect(text()).toContain('Key Compromise');

  const published = readFileSync(crlPath(stateFolder));
  await publish();
  expect(lines).toHaveLength(2);
  expect(readFileSync(crlPath(stateFolder))).toEqual(published);
  expect((await publishCrl({ ca, ledger, stateFolder })).number).toBe(3);
});

it('signers with one ledger and a file each keep both in date and complete, and do not answer each other', async () => {
  const folders = [temporaryFolder(), temporaryFolder()] as const;
  const ca = await ensureDemoCa(folders[0]);
  await issueInto({ state: folders[0] }, ['CL-1'], ca);
  const ledger = openSqliteLedger(ledgerPath(folders[0]));
  onTestFinished(() => ledger.close());
  cpSync(caFolder(folders[0]), caFolder(folders[1]), { recursive: true });
  const log = pino({ enabled: false });
  const signers = folders.map((stateFolder) => crlPublisher({ ca, ledger, stateFolder }, log));
  const rounds = async (): Promise<void> => {
    for (let round = 1; round <= 5; round++) for (const publish of signers) await publish();
  };
  const lists = () => folders.map((folder) => readCrl(crlIn(readFileSync(crlPath(folder)))));
  const listed = (): number[][] => lists().map(({ number, entries }) => [number, entries.length]);

  await rounds();
  expect(listed()).toEqual([
    [1, 0],
    [2, 0],
  ]);
  await ledger.issuances.revoke('b1/CL-1/1', 'keyCompromise', 'a person');
  await rounds();
  expect(listed()).toEqual([
    [3, 1],
    [4, 1],
  ]);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8 * 86_400_000 });
  onTestFinished(() => void vi.useRealTimers());
  await rounds();
  expect(listed()).toEqual([
    [5, 1],
    [6, 1],
  ]);
  for (const { nextUpdate } of lists())
    expect(nextUpdate.getTime() - Date.now()).toBeGreaterThan(13 * 86_400_000);
});

it('a signer lists what another one has withdrawn and numbered while it wrote its own file', async () => {
  const [stateFolder, other] = [temporaryFolder(), temporaryFolder()];
  const ca = await ensureDemoCa(stateFolder);
  await issueInto({ state: stateFolder }, ['CL-1'], ca);
  const ledger = openSqliteLedger(ledgerPath(stateFolder));
  onTestFinished(() => ledger.close());
  cpSync(caFolder(stateFolder), caFolder(other), { recursive: true });
  const publish = crlPublisher({ ca, ledger, stateFolder }, pino({ enabled: false }));
  const { withdrawals } = ledger;
  const latest = withdrawals.latestCrl.bind(withdrawals);
  let isOvertaken = false;
  withdrawals.latestCrl = async (issuer) => {
    if (existsSync(crlPath(stateFolder)) && !isOvertaken) {
      isOvertaken = true;
      await ledger.issuances.revoke('b1/CL-1/1', 'keyCompromise', 'a person');
      await publishCrl({ ca, ledger, stateFolder: other });
    }
    return await latest(issuer);
  };
  await publish();
  await publish();
  expect(isOvertaken).toBe(true);
  expect(readCrl(crlIn(readFileSync(crlPath(stateFolder)))).entries).toHaveLength(1);
});

it('a registry beside the signer learns of each list, whoever made it, and at every start', async () => {
  const stateFolder = temporaryFolder();
  const ca = await ensureDemoCa(stateFolder);
  const issued = await issueInto({ state: stateFolder }, ['CL-1', 'CL-2'], ca);
  const ledger = openSqliteLedger(ledgerPath(stateFolder));
  onTestFinished(() => ledger.close());
  const registry = openedRegistry(registryPath(stateFolder));
  await imported(registry, '1', ['CL-1', 'CL-2']);
  for (const [at, serial] of ['CL-1', 'CL-2'].entries())
    await registry.registerUnit({ ...registration(serial), ...issued[at]! });
  const stateOf = async (serial: string): Promise<string | undefined> =>
    (await registry.unit(serial))?.certificates[0]?.state;
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  /** The first round of a signer that starts. */
  const start = async (by = ca): Promise<void> => {
    await crlPublisher({ ca: by, ledger, stateFolder }, log)();
    await registryUpdater({ ca: by, registry, stateFolder, log })();
  };

  await ledger.issuances.revoke('b1/CL-1/1', 'keyCompromise', 'a person');
  await start();
  expect(await stateOf('CL-1')).toBe('revoked');
  expect(await stateOf('CL-2')).toBe('active');
  await ledger.issuances.revoke('b1/CL-2/1', 'superseded', 'a person');
  await publishCrl({ ca, ledger, stateFolder });
  await start();
  expect(await stateOf('CL-2')).toBe('revoked');
  expect(lines.filter((line) => line.includes('revoked in the registry'))).toHaveLength(2);

  const newest = readFileSync(crlPath(stateFolder));
  const forged = await ensureDemoCa(mkdtempSync(join(stateFolder, 'other-')));
  // A list that the CA of this line did not sign says nothing.
  await expect(start(forged)).rejects.toThrow(expect.objectContaining({ code: 'CRL_INVALID' }));
  expect(readFileSync(crlPath(stateFolder))).toEqual(newest);
});

it('what was published stays revoked when the ledger is an old copy, and the next list has a higher number', async () => {
  const stateFolder = temporaryFolder();
  const ca = await ensureDemoCa(stateFolder);
  await issueInto({ state: stateFolder }, ['CL-1', 'CL-2', 'CL-3'], ca);
  const path = ledgerPath(stateFolder);
  cpSync(path, `${path}.old`);
  const newer = openSqliteLedger(path);
  await newer.issuances.revoke('b1/CL-1/1', 'keyCompromise', 'a person');
  await newer.withdrawals.hold('b1/CL-2/1');
  await newer.withdrawals.hold('b1/CL-3/1');
  for (const number of [1, 2])
    expect((await publishCrl({ ca, ledger: newer, stateFolder })).number).toBe(number);
  await newer.close();

  cpSync(`${path}.old`, path);
  const database = new DatabaseSync(path);
  database.exec(`DELETE FROM issuance WHERE request_id = 'b1/CL-3/1'`);
  database.close();
  const older = openSqliteLedger(path);
  onTestFinished(() => older.close());
  await older.issuances.revoke('b1/CL-2/1', 'superseded', 'a person');
  for (const number of [3, 4]) {
    expect((await publishCrl({ ca, ledger: older, stateFolder })).number).toBe(number);
    const { entries } = readCrl(crlIn(readFileSync(crlPath(stateFolder))));
    expect(entries.map(({ reason }) => reason).sort()).toEqual([
      'certificateHold',
      'keyCompromise',
      'superseded',
    ]);
  }
});
