import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openLineAudit } from '../../line/audit.ts';
import { auditKeyPath } from '../../line/state-folder.ts';
import { openPermitKey } from '../../line/trusted-keys.ts';
import { PermitDesk } from '../../pki/signing/permits.ts';
import type { CertificateProfile } from '../../pki/profile/certificate-profile.ts';
import { createCa } from '../../pki/ca/create-ca.ts';
import { openFactoryCa } from '../../pki/ca/open-ca.ts';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { gateCsr } from '../../pki/signing/csr-gate.ts';
import type { IssueRequest } from '../../pki/signing/issue-request.ts';
import { Issuer } from '../../pki/signing/issuer.ts';
import { orderText } from '../../pki/orders/order.ts';
import type { Order, SignedOrder } from '../../pki/orders/order.ts';
import { sha256Hex } from '../../pki/x509/p256.ts';
import { SecretBytes } from '../../pki/keys/secret-bytes.ts';
import { openLedgerFile } from '../../pki/ledger/ledger-database.ts';
import { Ledger } from '../../pki/ledger/ledger.ts';

const PROFILE: CertificateProfile = {
  organization: 'certline-bench',
  commonName: '{serial}',
  validity: 'forever',
};
const PRODUCT = 'sensor';
const ORDER_QUANTITY = 1_000_000;

/** Stages of an issuance, each named after the step that ends it. */
export const STAGE_OF_STEP = {
  lookedUp: 'CSR gate, look up',
  built: 'build TBS',
  reserved: 'reserve (commit, audit)',
  linted: 'lint TBS',
  signed: 'sign',
  verified: 'verify',
  recorded: 'record (commit, audit)',
} as const;

type Step = keyof typeof STAGE_OF_STEP;

/** `whole`: as a line runs it, with permits and a witness. `bare`: without them, to see what they cost. */
export type SignerKind = 'whole' | 'bare';

/** The signer as a line runs it: software key, SQLite ledger with its audit log, an order to count against. */
export class CertlineSigner {
  readonly #issuer: Issuer;
  readonly #ledger: Ledger;
  #batches = 0;
  #watch: ((step: Step) => void) | undefined;
  readonly #permits: PermitDesk | undefined;

  private constructor(directory: string, ledger: Ledger, permits: PermitDesk | undefined) {
    this.#ledger = ledger;
    this.#permits = permits;
    this.#issuer = new Issuer({
      ca: openFactoryCa({ directory, passphrase: passphrase() }),
      issuances: ledger.issuances,
      profileOf: () => PROFILE,
      atStep: (step) => this.#watch?.(step),
    });
  }

  /** A new CA and a new ledger in `folder`. */
  static async open(folder: string, kind: SignerKind): Promise<CertlineSigner> {
    const directory = join(folder, 'ca');
    await createCa({ directory, name: 'Certline Bench', passphrase: passphrase() });
    const ledger = new Ledger(openLedgerFile(join(folder, 'ledger.db')));
    await ledger.orders.admitOrder(benchOrder());
    if (kind === 'bare') {
      ledger.auditLog.witnessed(await ledger.auditLog.auditHead());
      return new CertlineSigner(directory, ledger, undefined);
    }
    await mkdir(dirname(auditKeyPath(folder)), { recursive: true });
    await openLineAudit({ stateFolder: folder, ledger, witnessFile: undefined });
    return new CertlineSigner(directory, ledger, new PermitDesk(openPermitKey(folder)));
  }

  /** Jobs that issue a certificate each: the CSRs are made and the serials released before they run. */
  async jobs(count: number): Promise<(() => Promise<unknown>)[]> {
    this.#batches += 1;
    const batchId = `b${this.#batches}`;
    const manifestSha256 = sha256Hex(Buffer.from(batchId));
    const releasedAt = new Date().toISOString();
    await this.#ledger.orders.releaseBatch({
      batchId,
      order: 'PO-1',
      quantity: count,
      manifestSha256,
      releasedAt,
    });
    const requests = Array.from({ length: count }, (_, index) => requestFor(batchId, index));
    const units = requests.map(({ serial }) => ({ serial, product: PRODUCT }));
    await this.#ledger.orders.releaseSerials({ batchId, units });
    return requests.map(({ csr, ...request }) => async () => {
      this.#permit(request);
      return await this.#issuer.issue({ ...request, csr: await gateCsr(csr) });
    });
  }

  /** What the release and the request of a unit cost: a permit is signed, and compared. */
  #permit({ batchId, serial, product, attempt, boardId }: Omit<IssueRequest, 'csr'>): void {
    const unit = { order: 'PO-1', batchId, serial, product, attempt };
    const permit = this.#permits?.sign(unit);
    this.#permits?.check(unit, { permit, boardId });
  }

  /** Runs one job; the milliseconds of each stage. Nothing else may run meanwhile. */
  async stagesOf(job: () => Promise<unknown>): Promise<Record<string, number>> {
    const stages: Record<string, number> = {};
    const begin = performance.now();
    let last = begin;
    this.#watch = (step) => {
      const now = performance.now();
      stages[STAGE_OF_STEP[step]] = now - last;
      last = now;
    };
    await job();
    this.#watch = undefined;
    return { ...stages, whole: performance.now() - begin };
  }

  close(): Promise<void> {
    return this.#ledger.close();
  }
}

function requestFor(batchId: string, index: number): Omit<IssueRequest, 'csr'> & { csr: Uint8Array } {
  const serial = `${batchId}-${index}`.toUpperCase();
  return {
    requestId: `${batchId}/${serial}/1`,
    batchId,
    serial,
    product: PRODUCT,
    attempt: 1,
    boardId: `board-of-${serial}`,
    csr: generateDeviceKey().createCsr({ serial }),
  };
}

/** As it is once its signature was verified, which happens once a lot and is not measured. */
function benchOrder(): SignedOrder {
  const order: Order = {
    order: 'PO-1',
    revision: 1,
    products: [PRODUCT],
    quantity: ORDER_QUANTITY,
    reissues: 0,
    opens: '2020-01-01T00:00:00.000Z',
    closes: '9999-12-31T23:59:59.000Z',
  };
  return { ...order, signedBy: 'bench', sha256: sha256Hex(Buffer.from(orderText(order))) };
}

function passphrase(): SecretBytes {
  return new SecretBytes(Buffer.from('benchmark'));
}
