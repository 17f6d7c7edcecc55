import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** What a station says when it asks for a certificate. Hashes in lower-case hex, time in ISO 8601. */
export interface RequestStatement {
  readonly requestId: string;
  readonly order: string;
  readonly batchId: string;
  readonly serial: string;
  readonly product: string;
  readonly attempt: number;
  readonly stationId: string;
  readonly boardId: string;
  readonly spkiSha256: string;
  readonly at: string;
}

/** What is signed begins with this: the key signs nothing else that could be taken for it. */
const KIND = 'certline-signing-request-v1';

/** The station's Ed25519 signature over the statement, base64. */
export function signStatement(statement: RequestStatement, privateKey: KeyObject): string {
  return sign(null, bytesOf(statement), privateKey).toString('base64');
}

/** True when this key signed this statement. */
export function isStatementSigned(
  statement: RequestStatement,
  signature: string,
  publicKey: KeyObject,
): boolean {
  return verify(null, bytesOf(statement), publicKey, Buffer.from(signature, 'base64'));
}

function bytesOf(statement: RequestStatement): Buffer {
  const { requestId, order, batchId, serial, product, attempt, stationId, boardId, spkiSha256, at } =
    statement;
  const members = [requestId, order, batchId, serial, product, attempt, stationId, boardId, spkiSha256, at];
  return Buffer.from(`${KIND}\n${JSON.stringify(members)}\n`);
}
