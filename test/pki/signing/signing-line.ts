import { expect } from 'vitest';
import { join } from 'node:path';
import type { AuditEntry } from '../../../pki/audit/audit-chain.ts';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { Issuer } from '../../../pki/signing/issuer.ts';
import type { IssuerParts } from '../../../pki/signing/issuer.ts';
import type { IssuingCa } from '../../../pki/ca/issuing-ca.ts';
import type { SqlRow, SqlValue } from '../../../sql/row.ts';
import type { SqlDatabase } from '../../../sql/sql-database.ts';
import type { Signer, SigningContext } from '../../../pki/signers/signer.ts';
import { Ledger } from '../../../pki/ledger/ledger.ts';
import { openLedgerFile } from '../../../pki/ledger/ledger-database.ts';
import { PROFILE } from '../acme.ts';
import { GatedIssuer } from './gated-issuer.ts';
import type { CsrRequest } from './gated-issuer.ts';
import { RELEASE, signedOrder } from '../orders/signed-orders.ts';

/** A signer that counts, and lets a test stand between the request and the signature. */
class CountingSigner implements Signer {
  readonly id: string;
  readonly spki: Uint8Array;
  readonly #signer: Signer;
  signatures = 0;
  readonly requestIds: string[] = [];
  tamper: (signature: Uint8Array) => Uint8Array | Promise<Uint8Array> = (signature) => signature;

  constructor(signer: Signer) {
    this.id = signer.id;
    this.spki = signer.spki;
    this.#signer = signer;
  }

  async sign(message: Uint8Array, context: SigningContext): Promise<Uint8Array> {
    this.signatures += 1;
    this.requestIds.push(context.requestId);
    return this.tamper(await this.#signer.sign(message, context));
  }

  probe(): Promise<void> {
    return this.#signer.probe();
  }

  close(): Promise<void> {
    return this.#signer.close();
  }
}

export interface SigningLine {
  readonly signer: CountingSigner;
  readonly ledger: Ledger;
  readonly issuer: GatedIssuer;
  /** The same, without the gate. */
  readonly plainIssuer: Issuer;
  /** Rows of a statement, run behind the ledger's back. */
  readonly sql: (text: string, ...values: SqlValue[]) => Promise<SqlRow[]>;
}

let lines = 0;

/** An issuer over a counting signer and a ledger in this database. */
export function lineOver(
  database: SqlDatabase,
  ca: IssuingCa,
  parts: Partial<IssuerParts> = {},
): SigningLine {
  const signer = new CountingSigner(ca.signer);
  const ledger = new Ledger(database);
  const profileOf = (product: string): typeof PROFILE | undefined =>
    product === 'sensor' ? PROFILE : undefined;
  const plainIssuer = new Issuer({ ca: { ...ca, signer }, issuances: ledger.issuances, profileOf, ...parts });
  const issuer = new GatedIssuer(plainIssuer, ledger.issuances);
  const sql: SigningLine['sql'] = (text, ...values) => database.write((work) => work.all(text, ...values));
  return { signer, ledger, issuer, plainIssuer, sql };
}

/** The same over the SQLite file at `path`. */
export function openLine(
  path: string,
  ca: IssuingCa,
  parts: Partial<IssuerParts> = {},
): SigningLine & { path: string } {
  return { ...lineOver(openLedgerFile(path), ca, parts), path };
}

/** The same over a new SQLite file in `folder`. */
export function makeLine(
  folder: string,
  ca: IssuingCa,
  parts: Partial<IssuerParts> = {},
): SigningLine & { path: string } {
  lines += 1;
  return openLine(join(folder, `ledger-${lines}.db`), ca, parts);
}

/** Releases batch `b1` of these serials, under an order with this many reissues. */
export async function release(
  { ledger }: Pick<SigningLine, 'ledger'>,
  serials: readonly string[],
  figures: { batchId?: string; quota?: number; reissueQuota?: number } = {},
): Promise<void> {
  const { batchId = 'b1', quota = serials.length, reissueQuota = 2 } = figures;
  await ledger.orders.admitOrder(signedOrder({ reissues: reissueQuota }));
  await ledger.orders.releaseBatch({ ...RELEASE, batchId, quantity: quota });
  const units = serials.map((serial) => ({ serial, product: 'sensor' }));
  await ledger.orders.releaseSerials({ batchId, units });
}

/** A request with a fresh key, for attempt 1 on a board of its own unless said otherwise. */
export function requestFor(serial: string, changes: Partial<CsrRequest> = {}): CsrRequest {
  const attempt = changes.attempt ?? 1;
  return {
    requestId: `b1/${serial}/${attempt}`,
    batchId: 'b1',
    serial,
    product: 'sensor',
    attempt,
    boardId: `board-of-${serial}`,
    csr: generateDeviceKey().createCsr({ serial }),
    ...changes,
  };
}

export function code(expected: string, reason?: string): unknown {
  return expect.objectContaining(reason === undefined ? { code: expected } : { code: expected, reason });
}

/** The whole audit log. */
export async function auditOf(ledger: Ledger): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for await (const entry of ledger.auditLog.auditEntries()) entries.push(entry);
  return entries;
}
