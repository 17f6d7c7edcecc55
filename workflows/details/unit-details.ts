import type { Decision } from '../../provisioning/decision.ts';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import { STEPS } from '../../provisioning/step.ts';
import type { Step } from '../../provisioning/step.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { verbatim, workflowLink } from './markdown.ts';

/** What the page of a unit shows. */
export interface UnitView {
  readonly namespace: string;
  readonly batchId: string;
  readonly serial: string;
  readonly attempt: number;
  readonly step: Step;
  readonly stationId?: string | undefined;
  readonly socket?: string | undefined;
  readonly boardId?: string | undefined;
  /** SHA-256 of the certificate, where one was signed for this attempt. */
  readonly fingerprint?: string | undefined;
  readonly isProven: boolean;
  readonly isStationSilent: boolean;
  /** What the last attempt that failed failed with. */
  readonly failure?: { readonly code: FailureCode; readonly message?: string | undefined } | undefined;
  readonly isWaiting: boolean;
  readonly end?: { readonly outcome: Outcome; readonly decision?: Decision | undefined } | undefined;
}

/** Markdown for the current details of a unit: what happened, where, what is known of the board, and what to do. */
export function unitDetails(view: UnitView): string {
  const batch = `- Batch: ${workflowLink(view.namespace, batchWorkflowId(view.batchId), view.batchId)}`;
  if (view.end !== undefined) return lines(headOfEnd(view), ...happened(view), ...place(view), batch);
  if (view.isWaiting)
    return [lines(headOfWait(view), ...happened(view), ...place(view), batch), whatToDo(view)].join('\n\n');
  return lines(headOfWork(view), ...silence(view), ...happened(view), ...place(view), batch);
}

function lines(head: string, ...list: readonly string[]): string {
  return [head, '', ...list].join('\n');
}

function headOfWork({ serial, attempt, step }: UnitView): string {
  return `**${serial}**: under way, attempt ${attempt}, step ${STEPS.indexOf(step) + 1} of ${STEPS.length}, \`${step}\``;
}

function headOfWait({ serial, attempt, step }: UnitView): string {
  return `**${serial} waits for a decision**: attempt ${attempt} failed at \`${step}\``;
}

function headOfEnd({ serial, attempt, end }: UnitView): string {
  const { outcome, decision } = end!;
  const who = decision === undefined ? '' : `, ${sentenceOf(decision)}`;
  return `**${serial}: ${outcome}** after ${attempt === 1 ? '1 attempt' : `${attempt} attempts`}${who}`;
}

function sentenceOf({ verdict, by, reason }: Decision): string {
  const who = by === undefined ? 'a person who gave no name' : verbatim(by);
  return `\`${verdict}\` by ${who}${reason === undefined ? '' : `, because: ${verbatim(reason)}`}`;
}

function silence({ isStationSilent, stationId }: UnitView): string[] {
  if (!isStationSilent) return [];
  return [
    `- \`STATION_UNREACHABLE\`: station \`${stationId ?? '?'}\` does not take its task. Start it again; leave the board in its socket`,
  ];
}

function happened({ failure, isWaiting, end }: UnitView): string[] {
  if (failure === undefined) return [];
  const { code, message } = failure;
  const what = message === undefined ? FAILURES[code].hint : verbatim(message);
  const head = isWaiting || end !== undefined ? 'What happened' : 'The attempt before';
  return [`- ${head}: \`${code}\`, ${what}`];
}

function place({ stationId, socket, boardId, step, ...known }: UnitView): string[] {
  if (stationId === undefined) {
    const where = known.end === undefined && step === 'generateKeypair' ? ', the unit waits for one' : '';
    return [`- Board: none was claimed in this attempt${where}`];
  }
  return [
    `- Where: station \`${stationId}\`, socket \`${socket ?? '?'}\``,
    `- Board: \`${boardId ?? '?'}\`, ${stateOfBoard(known)}`,
  ];
}

function stateOfBoard({
  isProven,
  fingerprint,
  failure,
  isWaiting,
}: Pick<UnitView, 'isProven' | 'fingerprint' | 'failure' | 'isWaiting'>): string {
  if (isProven) return `proven: it carries its key and certificate ${short(fingerprint)}`;
  const carries =
    fingerprint === undefined
      ? 'it may carry a key, and no certificate of this attempt'
      : `it carries a key, and perhaps certificate ${short(fingerprint)}, which is not proven`;
  const isBenched = isWaiting && failure !== undefined && FAILURES[failure.code].benches;
  return carries + (isBenched ? '. The station does not use it again before it is taken out' : '');
}

function short(fingerprint: string | undefined): string {
  return `\`${fingerprint?.slice(0, 16) ?? '?'}\``;
}

function whatToDo({ failure, isProven, boardId }: UnitView): string {
  const hint = failure === undefined ? '' : FAILURES[failure.code].hint;
  const retry = isProven ? 'repeats the registration only' : 'makes a new key and a new certificate';
  return [
    `**What to do**: ${hint}`,
    '',
    'Then send one of these Updates to this workflow, each with or without this argument:',
    '',
    '- `{"reason": "board replaced", "by": "A. Berg"}`',
    `- \`retry\` ${retry}`,
    '- `skip` leaves the unit out of its batch (HOLD), `scrap` ends it as bad (FAIL); both revoke its certificate',
    ...(isProven
      ? [
          `- before you skip or scrap it: its tile said PASS, so take board \`${boardId ?? '?'}\` back from the good tray`,
        ]
      : []),
  ].join('\n');
}
