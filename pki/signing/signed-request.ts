import type { KeyObject } from 'node:crypto';
import type { Permit } from '../../provisioning/permit.ts';
import { isSignedBy, signMembers } from '../keys/signed-members.ts';
import type { Members } from '../keys/signed-members.ts';

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
  /** Under which it works; undefined in a request of an earlier version. */
  readonly permit: Permit | undefined;
  readonly at: string;
}

const KIND = 'certline-signing-request-v2';

/** The station's Ed25519 signature over the statement, base64. */
export function signStatement(statement: RequestStatement, privateKey: KeyObject): string {
  return signMembers(KIND, membersOf(statement), privateKey);
}

/** True when this key signed this statement. */
export function isStatementSigned(
  statement: RequestStatement,
  signature: string,
  publicKey: KeyObject,
): boolean {
  return isSignedBy(KIND, membersOf(statement), { signature, publicKey });
}

function membersOf(statement: RequestStatement): Members {
  const { requestId, order, batchId, serial, product, attempt, stationId, boardId, spkiSha256, at, permit } =
    statement;
  const unit = [requestId, order, batchId, serial, product, attempt];
  return [...unit, stationId, boardId, spkiSha256, at, permit?.signature ?? null];
}
