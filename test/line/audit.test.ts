import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { auditKeyDraftPath } from '../../pki/keys/audit-key.ts';
import { checkWitness } from '../../pki/audit/audit-witness.ts';
import type { IssuingCa } from '../../pki/ca/issuing-ca.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { Ledger } from '../../pki/ledger/ledger.ts';
import { openLedgerFile } from '../../pki/ledger/ledger-database.ts';
import { openSqliteLedger } from '../support/sqlite-ledger.ts';
import { issueCrl } from '../../pki/revocation/crl-issuer.ts';
import { ensureDemoCa } from '../../line/ca.ts';
import { openLineAudit, witness, witnessKeeper } from '../../line/audit.ts';
import type { LineAudit } from '../../line/audit.ts';
import { auditKeyPath, auditVerifierPath, auditWitnessPath, ledgerPath } from '../../line/state-folder.ts';
import { issueInto } from '../cli/issued-lot.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Signer {
  readonly state: string;
  readonly ca: IssuingCa;
  /** The audit of a signer that starts now. */
  readonly start: () => Promise<LineAudit>;
  /** Copies the ledger as a backup would; the result brings the copy back. */
  readonly backUp: () => () => void;
}

async function newSigner(): Promise<Signer> {
  const state = temporaryFolder();
  const ca = await ensureDemoCa(state);
  await issueInto({ state }, ['CL-1'], ca);
  return {
    state,
    ca,
    start: () => {
      const ledger = openSqliteLedger(ledgerPath(state));
      onTestFinished(() => ledger.close());
      return openLineAudit({ stateFolder: state, ledger, witnessFile: undefined });
    },
    backUp: () => {
      const database = new DatabaseSync(ledgerPath(state));
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      database.close();
      const copy = join(state, 'yesterday.db');
      copyFileSync(ledgerPath(state), copy);
      return () => {
        for (const suffix of ['-wal', '-shm']) rmSync(`${ledgerPath(state)}${suffix}`, { force: true });
        renameSync(copy, ledgerPath(state));
      };
    },
  };
}

const stale = (reason: string): unknown => expect.objectContaining({ code: 'LEDGER_STALE', reason });

describe('a signer that starts', () => {
  it('makes its key and witness once, and goes on from them', async () => {
    const { start, state, ca } = await newSigner();
    const { key, ledger } = await start();
    const first = readFileSync(auditWitnessPath(state), 'utf8');
    await issueInto({ state }, ['CL-2'], ca);
    expect((await start()).key.verifier).toEqual(key.verifier);
    expect(readFileSync(auditWitnessPath(state), 'utf8')).toBe(first);
    expect(await ledger.auditLog.auditHead()).toMatchObject({ size: 8 });
  });

  it("refuses yesterday's database", async () => {
    const { start, state, ca, backUp } = await newSigner();
    const audit = await start();
    await audit.ledger.close();
    const restore = backUp();
    await issueInto({ state }, ['CL-2'], ca);
    await witness({ ...audit, ledger: (await start()).ledger });
    restore();
    await expect(start()).rejects.toThrow(stale('older'));
  });

  it('refuses a database that went on from yesterday in another way, even longer', async () => {
    const { start, state, ca, backUp } = await newSigner();
    const audit = await start();
    await audit.ledger.close();
    const restore = backUp();
    await issueInto({ state }, ['CL-2'], ca);
    await witness({ ...audit, ledger: (await start()).ledger });
    restore();
    await issueInto({ state }, ['CL-3', 'CL-4'], ca);
    await expect(start()).rejects.toThrow(stale('forked'));
  });

  it('refuses to go on without its witness, with a forged one, and without its key', async () => {
    const [{ start, state }, other] = [await newSigner(), await newSigner()];
    await start();
    await other.start();
    const kept = readFileSync(auditWitnessPath(state));
    copyFileSync(auditWitnessPath(other.state), auditWitnessPath(state));
    await expect(start()).rejects.toThrow(stale('witness-signature'));
    rmSync(auditWitnessPath(state));
    await expect(start()).rejects.toThrow(stale('witness-missing'));
    rmSync(auditKeyPath(state));
    copyFileSync(auditWitnessPath(other.state), auditWitnessPath(state));
    await expect(start()).rejects.toThrow(expect.objectContaining({ code: 'AUDIT_KEY_INVALID' }));
    expect(kept.length).toBeGreaterThan(0);
  });
});

describe('a witness file that is there and cannot be read', () => {
  it('is not called missing, and ends no signer that runs', async () => {
    const { start, state } = await newSigner();
    const keep = witnessKeeper(await start());
    const path = auditWitnessPath(state);
    const kept = readFileSync(path);
    rmSync(path);
    symlinkSync(path, path);
    const unreadable = { code: 'WITNESS_UNAVAILABLE', message: expect.stringContaining(path) as string };
    await expect(keep()).rejects.toMatchObject(unreadable);
    await expect(start()).rejects.toMatchObject(unreadable);
    rmSync(path);
    writeFileSync(path, kept);
    await keep();
  });
});

describe('a witness file that cannot be written', () => {
  it('is said to be, before anything is signed, until it can be', async () => {
    const { start, state } = await newSigner();
    const audit = await start();
    const { auditLog } = audit.ledger;
    const keep = witnessKeeper(audit);
    await keep();
    const path = auditWitnessPath(state);
    const unwritable = { code: 'WITNESS_UNAVAILABLE', message: expect.stringContaining(path) as string };
    const kept = readFileSync(path);
    rmSync(path);
    mkdirSync(path);
    await auditLog.acceptClock({ reason: 'set', by: 'A. Smith' });
    await expect(auditLog.settled()).rejects.toMatchObject(unwritable);
    await expect(keep()).rejects.toMatchObject(unwritable);
    rmdirSync(path);
    writeFileSync(path, kept);
    await keep();
    const { size } = await auditLog.auditHead();
    expect(readFileSync(path, 'utf8').split('\n')[1]).toBe(String(size));
  });
});

describe('a signer that is killed in its first start', () => {
  it.each([
    ['before its first witness', 'auditHead'],
    ['before it accepts that witness', 'witnessed'],
  ])('%s starts again', async (_when, method) => {
    const { start, state } = await newSigner();
    const script = new URL('./start-audit-and-die.ts', import.meta.url).pathname;
    expect(spawnSync(process.execPath, [script, state, method]).signal).toBe('SIGKILL');
    const { key, ledger } = await start();
    const note = readFileSync(auditWitnessPath(state), 'utf8');
    expect(await checkWitness(ledger.auditLog, key, note)).toMatchObject(await ledger.auditLog.auditHead());
    expect(readFileSync(auditVerifierPath(state), 'utf8').trim()).toBe(verifierText(key.verifier));
  });

  it('between its witness and the name of its key goes on with that key, and with no other', async () => {
    const [{ start, state }, other] = [await newSigner(), await newSigner()];
    const { key } = await start();
    await other.start();
    const [path, draft] = [auditKeyPath(state), auditKeyDraftPath(auditKeyPath(state))];
    rmSync(path);
    copyFileSync(auditKeyPath(other.state), draft);
    await expect(start()).rejects.toThrow(stale('witness-signature'));
    expect(existsSync(path)).toBe(false);
    writeFileSync(draft, key.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect((await start()).key.verifier).toEqual(key.verifier);
  });
});

describe('a signer that runs', () => {
  it('witnesses what it signed since the last time', async () => {
    const { start, state, ca } = await newSigner();
    const audit = await start();
    const keep = witnessKeeper(audit);
    await keep();
    await issueInto({ state }, ['CL-2'], ca);
    await keep();
    const { size } = await audit.ledger.auditLog.auditHead();
    expect(readFileSync(auditWitnessPath(state), 'utf8').split('\n')[1]).toBe(String(size));
  });

  it('has the newest checkpoint in its witness file, also where it signs while the one of each minute is written', async () => {
    const { start, state } = await newSigner();
    const audit = await start();
    const { auditLog } = audit.ledger;
    const keep = witnessKeeper(audit);
    await keep();
    const grow = () => auditLog.acceptClock({ reason: 'set', by: 'A. Smith' });
    for (let turns = 0; turns < 60; turns += 1) {
      await grow();
      const keeping = keep();
      for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      await grow();
      await auditLog.settled();
      await keeping;
      expect(readFileSync(auditWitnessPath(state), 'utf8')).toBe(audit.newest());
    }
  });

  it('makes no signature once its database is exchanged under it', async () => {
    const { start, state, ca } = await newSigner();
    const { key } = await start();
    const database = openLedgerFile(ledgerPath(state));
    const ledger = new Ledger(database);
    onTestFinished(() => ledger.close());
    const audit = await openLineAudit({ stateFolder: state, ledger, witnessFile: undefined });
    await database.write((transaction) => transaction.run('DELETE FROM audit WHERE seq > 1'));
    let signatures = 0;
    const signer = {
      ...ca.signer,
      id: 'x',
      spki: ca.signer.spki,
      sign: async () => Buffer.alloc((signatures += 64)),
    };
    const counting = { ...ca, signer: { ...signer, probe: async () => {}, close: async () => {} } };
    await expect(issueCrl(counting, ledger.withdrawals, new Date())).rejects.toThrow(stale('exchanged'));
    expect(signatures).toBe(0);
    await expect(witnessKeeper({ ...audit, key })()).rejects.toThrow(stale('older'));
  });
});
