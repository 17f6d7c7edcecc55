import type { AuditEntry } from '../../pki/audit/audit-chain.ts';
import type { Issuance } from '../../pki/signing/issuances.ts';
import { sha256Hex } from '../../pki/x509/p256.ts';
import type { BatchRecord, CertifiedUnit } from '../../registry/registry.ts';
import type { SignerRecords } from '../../reports/reconcile.ts';

/** Bytes as large as those of a device certificate. */
const TBS_LENGTH = 450;
const CERTIFICATE_LENGTH = 530;

const BATCH: BatchRecord = {
  batchId: 'b1',
  order: 'PO-1',
  manifest: 'lot.csv',
  manifestSha256: 'ab'.repeat(32),
  quantity: 1,
  state: 'closed',
  importedAt: '2026-01-01T00:00:00.000Z',
};

function bytesOf(text: string, length: number): Buffer {
  return Buffer.alloc(length, text);
}

const serialOf = (at: number): string => `CL-${at}`;
const tbsOf = (at: number): Buffer => bytesOf(`tbs ${at}`, TBS_LENGTH);
const certificateOf = (at: number): Buffer => bytesOf(`certificate ${at}`, CERTIFICATE_LENGTH);

/** The records of a signer that issued `count` certificates, all active, made as they are read. */
export function signerRecords(count: number): SignerRecords {
  async function* auditEntries(): AsyncGenerator<AuditEntry> {
    for (let at = 0; at < count; at += 1) {
      const requestId = `b1/${serialOf(at)}/1`;
      const events = [
        { event: 'signing', requestId, tbsSha256: sha256Hex(tbsOf(at)) },
        { event: 'issued', requestId, sha256: sha256Hex(certificateOf(at)) },
        { event: 'activated', requestId },
      ];
      for (const [place, event] of events.entries())
        yield { seq: 3 * at + place + 1, body: JSON.stringify(event), hash: '' };
    }
  }
  async function* issuances(): AsyncGenerator<Issuance> {
    for (let at = 0; at < count; at += 1) {
      yield {
        requestId: `b1/${serialOf(at)}/1`,
        requestSha256: '',
        batchId: 'b1',
        serial: serialOf(at),
        product: 'node',
        attempt: 1,
        boardId: `board-${at}`,
        spkiSha256: '',
        certificateSerial: String(at),
        notBefore: '',
        notAfter: '',
        tbs: tbsOf(at),
        certificate: certificateOf(at),
        reservedAt: '',
        state: 'active',
      };
    }
  }
  return { auditLog: { auditEntries }, issuances: { issuances } };
}

/** A registry in which all of them passed, in one batch. */
export function registryOf(count: number): {
  listBatches(): Promise<BatchRecord[]>;
  certifiedUnits(): AsyncGenerator<CertifiedUnit>;
} {
  return {
    listBatches: async () => [{ ...BATCH, quantity: count }],
    async *certifiedUnits() {
      for (let at = 0; at < count; at += 1) {
        const certificateSha256 = sha256Hex(certificateOf(at));
        yield { serial: serialOf(at), certificates: [{ certificateSha256, state: 'active' }] };
      }
    },
  };
}
