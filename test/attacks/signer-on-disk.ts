import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { openLineAudit } from '../../line/audit.ts';
import type { LineAudit } from '../../line/audit.ts';
import { ensureDemoCa } from '../../line/ca.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import type { WitnessPlace } from '../../line/remote-witness.ts';
import { ledgerPath } from '../../line/state-folder.ts';
import { assertUnaltered } from '../../line/unaltered-ledger.ts';
import { AUDIT_GENESIS, auditHash } from '../../pki/audit/audit-chain.ts';
import { noteVerifierOf, verifierText } from '../../pki/keys/signed-note.ts';
import { openLedgerFile } from '../../pki/ledger/ledger-database.ts';
import { OrderDesk } from '../../pki/orders/order-desk.ts';
import { signOrder } from '../../pki/orders/order.ts';
import type { Order } from '../../pki/orders/order.ts';
import type { CertificateRecord } from '../../provisioning/certificate-record.ts';
import type { CsrRequest } from '../pki/signing/gated-issuer.ts';
import { lineOver, requestFor } from '../pki/signing/signing-line.ts';
import type { SigningLine } from '../pki/signing/signing-line.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const oem = noteVerifierOf('oem', publicKey);

/** One CA for all: opening a key takes a second. */
const template = temporaryFolder();
export const ca = await ensureDemoCa(template);

export const ORDER: Order = {
  order: 'PO-1',
  revision: 1,
  products: ['sensor'],
  quantity: 5,
  reissues: 2,
  opens: '2020-01-01T00:00:00.000Z',
  closes: '9999-12-31T23:59:59.000Z',
};

/** A signer as it starts on its folder. */
export interface StartedSigner extends SigningLine {
  /** Releases this serial and issues its certificate; the same request each time. */
  readonly issue: (serial: string) => Promise<CertificateRecord>;
  readonly audit: LineAudit;
}

/** The folder of a signer, with an order for five sensors, and what a thief of the disk does to it. */
export interface SignerOnDisk {
  readonly state: string;
  /** Starts as the signer does; nothing stops it in an orderly way, as after a kill. */
  readonly start: (remote?: WitnessPlace, state?: string) => Promise<StartedSigner>;
  /** Runs SQL on the ledger behind its back. */
  readonly edit: (sql: string) => void;
  /** Reads the ledger behind its back. */
  readonly rows: (sql: string) => Record<string, unknown>[];
  /** Copies a file or folder of the state folder; the result brings the copy back. */
  readonly backUp: (name: string) => () => void;
}

export function signerOnDisk(): SignerOnDisk {
  const state = temporaryFolder();
  cpSync(template, state, { recursive: true });
  const sources = orderSourcesOf(state, {});
  mkdirSync(sources.folder, { recursive: true });
  writeFileSync(join(sources.folder, 'PO-1.order'), signOrder(ORDER, oem, privateKey));
  writeFileSync(sources.releaseKeys, `${verifierText(oem)}\n`);
  return {
    state,
    start: (remote, folder = state) => startSigner(folder, remote),
    edit: (sql) => {
      const database = new DatabaseSync(ledgerPath(state), { defensive: false });
      database.exec(sql);
      database.close();
    },
    rows: (sql) => {
      const database = new DatabaseSync(ledgerPath(state));
      const found = database.prepare(sql).all();
      database.close();
      return found;
    },
    backUp: (name) => {
      const [path, copy] = [join(state, name), join(temporaryFolder(), 'copy')];
      flush(state);
      cpSync(path, copy, { recursive: true });
      return () => {
        for (const suffix of ['', '-wal', '-shm'])
          rmSync(`${path}${suffix}`, { recursive: true, force: true });
        cpSync(copy, path, { recursive: true });
      };
    },
  };
}

/** What somebody can do who has the audit key: each entry gets the hash that it should have. */
export function rewriteLog(signer: SignerOnDisk, change: (body: string) => string): void {
  let last = AUDIT_GENESIS;
  const statements = signer.rows('SELECT * FROM audit ORDER BY seq').map(({ seq, body: old }) => {
    const body = change(String(old));
    last = auditHash(last, Number(seq), body);
    return `UPDATE audit SET body = '${body.replaceAll("'", "''")}', hash = '${last}' WHERE seq = ${String(seq)}`;
  });
  signer.edit(statements.join(';'));
}

async function startSigner(state: string, remote?: WitnessPlace): Promise<StartedSigner> {
  const database = openLedgerFile(ledgerPath(state));
  onTestFinished(() => database.close().catch(() => undefined));
  const line = lineOver(database, ca);
  const { ledger } = line;
  const sources = orderSourcesOf(state, {});
  const audit = await openLineAudit({ stateFolder: state, ledger, witnessFile: undefined, remote });
  await assertUnaltered(ledger);
  const orders = new OrderDesk(sources, ledger.orders);
  const asked = new Map<string, CsrRequest>();
  return {
    ...line,
    audit,
    issue: async (serial) => {
      await orders.admit('PO-1');
      const release = {
        order: 'PO-1',
        manifestSha256: 'ab'.repeat(32),
        releasedAt: new Date().toISOString(),
        intake: 'intake',
      };
      await ledger.orders.releaseBatch({ ...release, batchId: 'b1', quantity: 5 });
      await ledger.orders.releaseSerials({ batchId: 'b1', units: [{ serial, product: 'sensor' }] });
      const request = asked.get(serial) ?? requestFor(serial);
      asked.set(serial, request);
      return await line.issuer.issue(request);
    },
  };
}

/** All that is committed goes into the one file, as in a copy by SQLite's own means. */
function flush(state: string): void {
  const database = new DatabaseSync(ledgerPath(state));
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}
