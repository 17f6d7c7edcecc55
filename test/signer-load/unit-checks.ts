import { repeated, sha256 } from '../end-to-end/line-evidence.ts';
import type { LedgerIssuance, RecordEvidence } from './record-evidence.ts';

/** Certificates that a person withdrew after their units had passed: by the audit log they were active before. */
export function recalledRequests({ events }: RecordEvidence): Set<string> {
  const activated = new Set<string>();
  const recalled = new Set<string>();
  const withdrawn = new Set(events.filter(({ event }) => event === 'unit-withdrawn').map(serialOf));
  const serials = new Map<string, unknown>();
  for (const { event, requestId, members } of events) {
    if (requestId === undefined) continue;
    if (members['serial'] !== undefined && event !== 'refused') serials.set(requestId, members['serial']);
    if (event === 'activated') activated.add(requestId);
    const isByHand = event === 'revoked' && !withdrawn.has(serials.get(requestId));
    if (isByHand && activated.has(requestId)) recalled.add(requestId);
  }
  return recalled;
}

const serialOf = ({ members }: RecordEvidence['events'][number]): unknown => members['serial'];

/** 1: each serial is one unit that has ended; a pass has one certificate that counts, any other unit has none. */
export function oneEndForEachUnit(evidence: RecordEvidence): string[] {
  const { units, issuances, registered } = evidence;
  const recalled = recalledRequests(evidence);
  const ofSerial = Map.groupBy(issuances, ({ serial }) => serial);
  const inRegistry = Map.groupBy(
    registered.filter(({ state }) => state === 'active'),
    ({ serial }) => serial,
  );
  const counts = (row: LedgerIssuance): boolean => !isEnded(row) || recalled.has(row.requestId);
  return [
    ...repeated(units.map(({ serial }) => serial)).map((serial) => `1: ${serial} is two units`),
    ...units.flatMap(({ serial, outcome, attention }) => {
      if (outcome === null || attention !== 0) return [`1: ${serial} has not ended`];
      const live = (ofSerial.get(serial) ?? []).filter(counts);
      const active = inRegistry.get(serial) ?? [];
      const due = outcome === 'PASS' ? 1 : 0;
      if (live.length !== due || active.length !== due)
        return [
          `1: ${serial} (${outcome}) has ${live.length} in the ledger, ${active.length} in the registry`,
        ];
      if (due === 0) return [];
      const [row] = live;
      if (row!.state !== 'active' && !recalled.has(row!.requestId))
        return [`1: ${serial} passed, and its certificate is ${row!.state}`];
      return row!.certificate !== null && sha256(row!.certificate) === active[0]!.fingerprint
        ? []
        : [`1: ledger and registry know two certificates of ${serial}`];
    }),
  ];
}

/** 7: an order's batches have no more serials, and no more certificates beyond the first of a serial, than it says. */
export function withinTheOrders({ issuances, batches, released, units, orders }: RecordEvidence): string[] {
  const listed = new Map(units.map(({ serial, batchId }) => [serial, batchId]));
  const ofBatch = Map.groupBy(issuances, ({ batchId }) => batchId);
  const strangers = [...released, ...issuances]
    .filter(({ serial, batchId }) => listed.get(serial) !== batchId)
    .map(({ serial, batchId }) => `7: ${serial} is in no manifest of ${batchId}`);
  const batchesOf = Map.groupBy(batches, ({ order }) => order);
  return [
    ...new Set(strangers),
    ...batches.flatMap((batch) => excessOfBatch(batch, ofBatch.get(batch.batchId) ?? [])),
    ...[...batchesOf].flatMap(([order, own]) => {
      const file = orders.find(({ name }) => name === `${order}.order`);
      if (file === undefined) return [`7: nobody signed an order ${order}`];
      const rows = own.flatMap(({ batchId }) => ofBatch.get(batchId) ?? []);
      const quota = own.reduce((sum, batch) => sum + batch.quota, 0);
      return excessOfOrder(order, { quota, rows, text: file.text });
    }),
  ];
}

function excessOfBatch(
  { batchId, quota }: RecordEvidence['batches'][number],
  rows: readonly LedgerIssuance[],
): string[] {
  const serials = new Set(rows.filter(maybeSigned).map(({ serial }) => serial));
  return serials.size <= quota
    ? []
    : [`7: ${serials.size} serials of ${batchId} were signed, and ${quota} released`];
}

function excessOfOrder(
  order: string,
  { quota, rows, text }: { quota: number; rows: readonly LedgerIssuance[]; text: string },
): string[] {
  const { quantity, reissues } = JSON.parse(text.split('\n\n')[0]!) as { quantity: number; reissues: number };
  const signed = rows.filter(maybeSigned);
  const further = signed.length - new Set(signed.map(({ serial }) => serial)).size;
  return [
    ...(quota <= quantity ? [] : [`7: ${order} is for ${quantity} units, and ${quota} were released`]),
    ...(further <= reissues ? [] : [`7: ${order} allows ${reissues} reissues, and ${further} were made`]),
  ];
}

/** Whatever has or may have had a signature; one that ended before has neither. */
function maybeSigned({ state }: LedgerIssuance): boolean {
  return state !== 'reserved' && state !== 'void';
}

export function isEnded({ state }: LedgerIssuance): boolean {
  return state === 'superseded' || state === 'revoked' || state === 'void';
}
