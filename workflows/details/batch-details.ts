import { WAITING_MOST } from '../../provisioning/batch.ts';
import type { UnitCounts } from '../../provisioning/batch.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { LineTrouble } from '../../provisioning/line-trouble.ts';
import type { Attention } from '../../provisioning/unit.ts';
import { batchWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { listLink, unitCount, verbatim, workflowLink } from './markdown.ts';
import { lostUnitsOf, unitsOf, waitingUnitsOf, workingUnitsOf } from './queries.ts';

/** Units that wait and are named; the lists that are linked have all of them. */
const NAMED = 20;

/** What the page of a batch, or of a chunk of it, shows. */
export interface BatchView {
  readonly namespace: string;
  readonly batchId: string;
  /** What the page is about. */
  readonly title: string;
  readonly units: number;
  readonly counts: UnitCounts & { readonly started: number; readonly attention: readonly Attention[] };
  /** The signer refuses to release units: those that wait for that have not begun. */
  readonly refused: boolean;
  readonly pause?: Decision | undefined;
  readonly trouble?: readonly LineTrouble[];
  /** Updates go to the batch; the page of a chunk says which one. */
  readonly isChunk?: boolean;
}

/**
 * Markdown for the current details of a batch or chunk: what ops see in the Temporal UI without a click. Lists, since the
 * cells of a table run together in UI 2.54; no two lists follow each other, since those run together there too.
 */
export function batchDetails(view: BatchView): string {
  const { title, units, counts, pause, trouble = [] } = view;
  const parts = [
    `**${title}**: ${counts.passed} of ${units} passed`,
    ...(pause === undefined ? [] : [pauseNote(pause)]),
    ...(counts.attention.length < WAITING_MOST ? [] : [tooManyWait()]),
    countList(view),
    ...(trouble.length === 0 ? [] : [troubleList(trouble)]),
    ...(counts.attention.length === 0 ? [] : waitingParts(view)),
    linkList(view),
  ];
  return parts.join('\n\n');
}

/** Who paused the batch, and how to continue it. */
function pauseNote({ by, reason, decidedAt }: Decision): string {
  const why = reason === undefined ? '' : `, because: ${verbatim(reason)}`;
  return `**Paused** by ${by === undefined ? 'a person who gave no name' : verbatim(by)} since ${decidedAt}${why}. No further unit starts until the Update \`resume\`.`;
}

function tooManyWait(): string {
  return `**${WAITING_MOST} units wait**: no further chunk starts until people have decided about some of them.`;
}

function troubleList(trouble: readonly LineTrouble[]): string {
  return [
    '**The line needs a person**',
    '',
    ...trouble.map(({ code, says }) => `- \`${code}\`: ${says}`),
  ].join('\n');
}

function countList({ units, counts }: BatchView): string {
  const { passed, failed, errors, held, started, attention } = counts;
  const underWay = started - passed - failed - errors - held - attention.length;
  return [
    `- passed: ${passed}`,
    `- under way: ${underWay}`,
    `- waiting for a decision: ${attention.length}`,
    `- failed: ${failed}, errors: ${errors}, on hold: ${held}`,
    `- not started: ${units - started}`,
  ].join('\n');
}

/** What waits, by code: the units of a code need the same thing. */
function waitingParts(view: BatchView): string[] {
  const { namespace, batchId, counts } = view;
  const byCode = [...Map.groupBy(counts.attention, ({ code }) => code)].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  let left = NAMED;
  const groups = byCode.map(([code, waiting]) => {
    const named = waiting.slice(0, left);
    left -= named.length;
    return codePart(view, code, waiting, named);
  });
  const all = listLink(namespace, waitingUnitsOf(batchId), 'list');
  return [
    `**${unitCount(counts.attention.length)} waiting for a decision** (${all})`,
    ...groups,
    ...stationPart(view),
    nextStep(view, byCode[0]![0]),
  ];
}

function codePart(
  view: BatchView,
  code: FailureCode,
  waiting: readonly Attention[],
  named: readonly Attention[],
): string {
  const { namespace, batchId } = view;
  const list = listLink(namespace, waitingUnitsOf(batchId, { code }), 'list');
  const more = waiting.length - named.length;
  return [
    `\`${code}\`: ${unitCount(waiting.length)} (${list}). ${FAILURES[code].hint}`,
    '',
    ...named.map((attention) => `- ${unitLine(view, attention)}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ].join('\n');
}

function unitLine({ namespace, refused }: BatchView, attention: Attention): string {
  const { serial, step, attempt, stationId, socket } = attention;
  if (refused && hasNotBegun(attention)) return `${serial}: not begun`;
  const where = stationId === undefined ? '' : `, station \`${stationId}\`, socket \`${socket ?? '?'}\``;
  return `${workflowLink(namespace, unitWorkflowId(serial), serial)}: ${step}, attempt ${attempt}${where}`;
}

/** A unit that begins asks for a board first; one that its chunk holds back waits for the signer. */
function hasNotBegun({ step, attempt, stationId }: Attention): boolean {
  return step === 'signCertificate' && attempt === 1 && stationId === undefined;
}

function stationPart({ namespace, batchId, counts }: BatchView): string[] {
  const stations = [...Map.groupBy(counts.attention, ({ stationId }) => stationId)].flatMap(
    ([station, waiting]) => (station === undefined ? [] : [{ station, waiting: waiting.length }]),
  );
  if (stations.length === 0) return [];
  const links = stations
    .toSorted((a, b) => b.waiting - a.waiting)
    .map(
      ({ station, waiting }) =>
        `${listLink(namespace, waitingUnitsOf(batchId, { station }), station)}: ${waiting}`,
    );
  return [`By station: ${links.join(', ')}`];
}

function nextStep({ namespace, batchId, isChunk = false }: BatchView, code: FailureCode): string {
  const batch = isChunk
    ? `the batch ${workflowLink(namespace, batchWorkflowId(batchId), batchId)}`
    : 'this batch';
  const argument = JSON.stringify({ codes: [code], reason: 'boards replaced', by: 'A. Berg' });
  return [
    '**Then**',
    '',
    `- to try again: send the Update \`rerunFailed\` to ${batch}, for all that wait without an argument, or with \`${argument}\``,
    '- to decide about one unit: open its page, and send `retry`, `skip` or `scrap`',
  ].join('\n');
}

function linkList({ namespace, batchId }: BatchView): string {
  const links = [
    listLink(namespace, unitsOf(batchId), 'all units'),
    listLink(namespace, workingUnitsOf(batchId), 'under way'),
    listLink(namespace, waitingUnitsOf(batchId), 'waiting'),
    listLink(namespace, lostUnitsOf(batchId), 'ended without PASS'),
  ];
  return `Lists: ${links.join(', ')}`;
}
