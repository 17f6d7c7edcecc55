import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import type { LineAudit } from '../line/audit.ts';
import { crlPath } from '../line/state-folder.ts';
import type { Monitor } from '../monitoring/monitor.ts';
import { parseCheckpoint } from '../pki/audit/audit-checkpoint.ts';
import type { Checkpoint } from '../pki/audit/audit-checkpoint.ts';
import type { IssuingCa } from '../pki/ca/issuing-ca.ts';
import type { Ledger } from '../pki/ledger/ledger.ts';
import type { OrderStanding } from '../pki/orders/order-policy.ts';
import { crlIn } from '../pki/x509/crl-file.ts';
import { readCrl } from '../pki/x509/crl-reader.ts';

/** Orders that are shown: those that close first. More are open at once nowhere. */
const ORDERS_MOST = 100;

export interface SignerParts {
  readonly stateFolder: string;
  readonly ca: IssuingCa;
  readonly ledger: Ledger;
  readonly audit: Pick<LineAudit, 'newest' | 'witnessPath'>;
}

/** What a signer shows of its CA, its ledger, its witness, its revocation list and its orders. */
export function monitorSigner({ metrics, readiness }: Monitor, parts: SignerParts): void {
  const { stateFolder, ca, ledger, audit } = parts;
  readiness.add('ca', () => {
    const { notBefore, notAfter } = ca.facts;
    const now = new Date();
    if (now >= notBefore && now <= notAfter) return undefined;
    return `the CA is valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}, not now`;
  });
  readiness.add('ledger', async () => {
    await ledger.assertWritable();
    return undefined;
  });
  metrics.sample({
    name: 'certline_ca_expiry_timestamp_seconds',
    help: 'When a certificate of the CA expires, as Unix time; ca: issuing, or root for the last of its chain.',
    labels: ['ca'],
    read: () => caExpiry(ca),
  });
  metrics.sample({
    name: 'certline_crl_next_update_timestamp_seconds',
    help: 'Until when the revocation list in the state folder is valid, as Unix time.',
    read: () => [{ value: readCrl(crlIn(readFileSync(crlPath(stateFolder)))).nextUpdate.getTime() / 1_000 }],
  });
  metrics.sample({
    name: 'certline_ledger_head_entries',
    help: 'Entries of the audit log.',
    read: async () => [{ value: (await ledger.auditLog.auditHead()).size }],
  });
  metrics.sample({
    name: 'certline_ledger_witnessed_entries',
    help: 'Entries of the audit log that the newest checkpoint covers.',
    read: () => [{ value: newestCheckpoint(audit).size }],
  });
  metrics.sample({
    name: 'certline_ledger_witness_age_seconds',
    help: 'Age of the newest checkpoint. It grows while nothing is signed.',
    read: () => [{ value: (Date.now() - Date.parse(newestCheckpoint(audit).at)) / 1_000 }],
  });
  const ofOrders = (name: string, help: string, valueOf: (order: OrderStanding) => number): void =>
    metrics.sample({
      name,
      help,
      labels: ['order'],
      read: async () =>
        (await ledger.orders.openOrders(new Date(), ORDERS_MOST)).map((order) => ({
          labels: { order: order.order },
          value: valueOf(order),
        })),
    });
  ofOrders('certline_order_quantity', 'Units that an open order allows.', ({ quantity }) => quantity);
  ofOrders(
    'certline_order_quota_left',
    'Units that an open order still allows.',
    ({ quantity, released }) => quantity - released,
  );
  ofOrders(
    'certline_order_reissues_left',
    'Further certificates of its units that an open order still allows.',
    ({ reissues, reissued }) => reissues - reissued,
  );
  ofOrders(
    'certline_order_expiry_timestamp_seconds',
    'When an open order expires, as Unix time.',
    ({ closes }) => Date.parse(closes) / 1_000,
  );
}

function caExpiry({
  chain,
}: IssuingCa): { readonly labels: { readonly ca: string }; readonly value: number }[] {
  const [issuing, root] = [chain[0], chain.at(-1)];
  const named =
    issuing === root
      ? [['issuing', issuing]]
      : [
          ['issuing', issuing],
          ['root', root],
        ];
  return (named as [string, Uint8Array][]).map(([ca, der]) => ({
    labels: { ca },
    value: Date.parse(new X509Certificate(der).validTo) / 1_000,
  }));
}

/** The one that was made before a signature, or the one in the file, which is behind it by a minute at most. */
function newestCheckpoint({ newest, witnessPath }: SignerParts['audit']): Checkpoint {
  const notes = [newest(), readFileSync(witnessPath, 'utf8')];
  const [last] = notes
    .flatMap((note) => parseCheckpoint(note) ?? [])
    .toSorted((a, b) => b.size - a.size || b.at.localeCompare(a.at));
  if (last === undefined) throw new Error('there is no checkpoint');
  return last;
}
