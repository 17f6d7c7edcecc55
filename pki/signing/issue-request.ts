import { isSerial } from '../../provisioning/serial-number.ts';
import { sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import type { ReadOrder } from '../orders/order-policy.ts';
import type { GatedCsr } from './csr-gate.ts';

/**
 * What the issuer is asked for, once the gates are passed. The same `requestId` always means the same request, and gets
 * the same certificate.
 */
export interface IssueRequest {
  readonly requestId: string;
  readonly batchId: string;
  readonly serial: string;
  readonly product: string;
  /** From 1; a higher attempt of a serial takes the place of the earlier ones. */
  readonly attempt: number;
  /** Hardware id of the board that made the key. */
  readonly boardId: string;
  /** Id of the station that asks. It is no part of the digest: it is recorded, and the request stays the same. */
  readonly stationId?: string;
  readonly csr: GatedCsr;
  /** The order that the signer has read, and found the serial in. It is no part of the digest; absent where none was read. */
  readonly read?: ReadOrder;
}

/** Ids come from workflows, stations and firmware: enough for any of those, nothing that could break a log line. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}$/;

/** Throws NOT_RELEASED for a serial, REQUEST_CONFLICT for any other field, that cannot be one. */
export function checkRequest(request: IssueRequest): void {
  if (typeof request.serial !== 'string' || !isSerial(request.serial)) {
    throw new PkiError(
      'NOT_RELEASED',
      'The serial in the request is not valid: check the station that sent it.',
      {
        reason: 'serial-invalid',
      },
    );
  }
  for (const field of ['requestId', 'batchId', 'product', 'boardId'] as const) {
    if (typeof request[field] !== 'string' || !ID.test(request[field]))
      throw malformed(request.serial, field);
  }
  if (!Number.isSafeInteger(request.attempt) || request.attempt < 1)
    throw malformed(request.serial, 'attempt');
}

/** SHA-256 over every field of the request, hex. */
export function requestDigest(request: IssueRequest): string {
  const { requestId, batchId, serial, product, attempt, boardId, csr } = request;
  return sha256Hex(
    Buffer.from(JSON.stringify([requestId, batchId, serial, product, attempt, boardId, csr.sha256])),
  );
}

function malformed(serial: string, field: string): PkiError {
  return new PkiError(
    'REQUEST_CONFLICT',
    `The ${field} in the request for ${serial} is not valid: check the station that sent it.`,
    {
      reason: 'malformed',
    },
  );
}
