import { createHash } from 'node:crypto';
import { isActive, repeated, sha256 } from './line-evidence.ts';
import type { Cells, LineEvidence } from './line-evidence.ts';

const LIVE = new Set(['signing', 'issued', 'active']);

/** 1: each serial of an accepted manifest is one unit that has ended. */
export function oneTerminalState({ manifests, units }: LineEvidence): string[] {
  const accepted = manifests.filter(({ acceptance, result }) => acceptance && result);
  return accepted.flatMap(({ serials }) =>
    serials.flatMap((serial) => {
      const all = units.filter((candidate) => candidate.serial === serial);
      const bound = all.filter(({ isFreed }) => isFreed === 0);
      const unit = bound[0] ?? all[0];
      if (!unit || bound.length > 1) return [`1: ${serial} is ${bound.length} units`];
      return unit.outcome && unit.attention === 0 ? [] : [`1: ${serial} has not ended`];
    }),
  );
}

/** 1: a pass has exactly one live certificate, the same in ledger and registry; no other unit has any. */
export function oneLiveCertificateForAPass({ units, issuances, certificates }: LineEvidence): string[] {
  const bound = new Set(units.filter(({ isFreed }) => isFreed === 0).map(({ serial }) => serial));
  return units.flatMap(({ serial, outcome, isFreed }) => {
    if (isFreed === 1 && bound.has(serial)) return [];
    const inLedger = issuances
      .filter((row) => row.serial === serial && LIVE.has(row.state))
      .map((row) => sha256(row.certificate!));
    const inRegistry = certificates
      .filter((row) => row.serial === serial && row.state === 'active')
      .map((row) => row.fingerprint);
    const expected = outcome === 'PASS' ? 1 : 0;
    if (inLedger.length !== expected || inRegistry.length !== expected) {
      return [
        `1: ${serial} (${outcome ?? 'open'}) has ${inLedger.length} live, ${inRegistry.length} registered`,
      ];
    }
    return inLedger[0] === inRegistry[0] ? [] : [`1: ledger and registry know two certificates of ${serial}`];
  });
}

/** 7: no more than the released quantity is issued, and only for serials of manifests. */
export function issuedWithinTheRelease({ issuances, releases, manifests }: LineEvidence): string[] {
  const listed = new Set(manifests.flatMap(({ acceptance, serials }) => (acceptance ? serials : [])));
  const strangers = issuances.filter(({ serial }) => !listed.has(serial));
  const excess = releases.filter((release) => {
    const signed = issuances.filter((row) => row.batchId === release.batchId && row.certificate);
    return signed.length > release.limit;
  });
  return [
    ...strangers.map(({ serial }) => `7: ${serial} is in no manifest`),
    ...excess.map((release) => `7: batch ${release.batchId} used more than was released`),
  ];
}

/** 8, 9: what the registry calls active is what the ledger calls active, and it knows nothing that was never signed. */
export function registryAgreesWithLedger({ issuances, certificates }: LineEvidence): string[] {
  const signed = new Map(
    issuances.flatMap(({ certificate, state }) => (certificate ? [[sha256(certificate), state]] : [])),
  );
  const active = new Set(certificates.filter(isActive).map((row) => row.fingerprint));
  return [
    ...certificates
      .filter((row) => !signed.has(row.fingerprint))
      .map(({ serial }) => `9: the ledger never heard of the certificate of ${serial}`),
    ...[...signed]
      .filter(([fingerprint, state]) => (state === 'active') !== active.has(fingerprint))
      .map(([fingerprint, state]) => `8: ${fingerprint} is ${state} in the ledger only`),
  ];
}

/** 10: a board and a serial belong together for ever, and all records of an attempt name one board. */
export function oneBoardForASerial({
  units,
  certificates,
  issuances,
  attempts,
  boards,
  reworks,
}: LineEvidence): string[] {
  const active = certificates.filter(isActive);
  // It was in the good tray before.
  const replaced = new Set(reworks.filter(({ result }) => result !== 'kept').map((row) => row.oldBoardId));
  // A tile says PASS before the unit is registered: whose unit is terminated in between, its board may be there already. The record of
  // the attempt says so, and stays when the unit runs again.
  const terminated = [...units, ...attempts]
    .filter(({ code }) => code === 'UNIT_TERMINATED')
    .map(({ serial }) => serial);
  const revoked = new Set(
    issuances
      .filter(({ serial, state }) => terminated.includes(serial) && !LIVE.has(state))
      .map(({ boardId }) => boardId),
  );
  const carried = boards.flatMap(({ certificate }) => (certificate ? [sha256(certificate)] : []));
  const unfinished = boards
    .filter(({ place, boardId }) => place === 'done' && !replaced.has(boardId) && !revoked.has(boardId))
    .filter(({ boardId }) => !active.some((row) => row.boardId === boardId));
  const divided = issuances
    .filter((issued) =>
      attempts.some(
        (row) =>
          row.serial === issued.serial &&
          row.attempt === issued.attempt &&
          row.boardId !== null &&
          row.boardId !== issued.boardId,
      ),
    )
    // A claim whose answer was lost is made again, on another board if need be: the first request never got here.
    .filter((issued) => LIVE.has(issued.state));
  return [
    ...repeated(active.map((row) => row.boardId)).map((id) => `10: ${id} is two units`),
    ...repeated(carried).map((fingerprint) => `10: two boards carry ${fingerprint}`),
    ...unfinished.map(({ boardId }) => `10: ${boardId} is in the good tray, but no unit's`),
    ...divided.map(({ serial }) => `10: ledger and registry name two boards of ${serial}`),
  ];
}

/** 11: nobody holds a socket any more, no signature is pending, no batch of which all is known is open. */
export function nothingLeftOpen({ books, issuances, batches, units }: LineEvidence): string[] {
  const pending = issuances.filter(({ state }) => state === 'signing');
  const open = batches.filter(
    (batch) =>
      batch.state === 'open' && units.every((unit) => unit.batchId !== batch.batchId || unit.outcome),
  );
  return [
    ...books
      .filter(({ phase }) => phase === 'keyed')
      .map(({ serial }) => `11: ${serial} still holds a socket`),
    ...pending.map(({ serial, state }) => `11: an issuance of ${serial} is ${state}`),
    ...open.map((batch) => `11: batch ${batch.batchId} is still open`),
  ];
}

/** 12: every entry of the audit follows from the one before. */
export function auditIsWhole({ audit }: Pick<LineEvidence, 'audit'>): string[] {
  let previous = '0'.repeat(64);
  for (const [index, { seq, body, hash }] of audit.entries()) {
    const due = createHash('sha256')
      .update(`${previous}\n${index + 1}\n${body}\n`)
      .digest('hex');
    if (seq !== index + 1 || hash !== due) return [`12: the audit breaks at entry ${index + 1}`];
    previous = due;
  }
  return [];
}

/** 14: rows in, rows out; the result says what the registry says. */
export function resultsAgree({ manifests, units, certificates, batches }: LineEvidence): string[] {
  const unanswered = manifests
    .filter(({ acceptance, rejection }) => (acceptance === undefined) === (rejection === undefined))
    .map(({ name }) => `14: ${name} has not exactly one answer`);
  const closed = batches.filter(({ state }) => state === 'closed').map(({ manifest }) => manifest);
  const results = manifests.flatMap(({ name, serials, acceptance, result }) => {
    if (!acceptance || (!result && !closed.includes(name))) return [];
    if (acceptance.rows !== serials.length) return [`14: ${name} has other rows than its acceptance says`];
    const listed = result?.map((row) => row['serial']) ?? [];
    if (listed.join() !== serials.join()) return [`14: the result of ${name} has other rows`];
    const batchId = batches.find((batch) => batch.manifest === name)?.batchId;
    const own = units.filter((unit) => unit.batchId === batchId);
    return result?.flatMap((row) => resultAgrees(row, { units: own, certificates })) ?? [];
  });
  return [...unanswered, ...results];
}

function resultAgrees(
  row: Cells,
  { units, certificates }: Pick<LineEvidence, 'units' | 'certificates'>,
): string[] {
  const serial = row['serial'] ?? '';
  const unit = units.find((candidate) => candidate.serial === serial);
  const active =
    unit?.isFreed === 1
      ? undefined
      : certificates.find((candidate) => isActive(candidate) && candidate.serial === serial);
  const same =
    row['outcome'] === unit?.outcome &&
    row['attempts'] === String(unit?.attempts) &&
    row['certificate_sha256'] === (active?.fingerprint ?? '') &&
    row['certificate_serial'] === (active?.number ?? '') &&
    (!active || row['board_id'] === active.boardId);
  return same ? [] : [`14: the result of ${serial} is not what the registry says`];
}
