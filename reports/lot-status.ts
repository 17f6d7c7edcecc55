import { basename } from 'node:path';
import type { LotFiles } from '../manifests/answer/lot-files.ts';
import type { UnitStatus } from '../manifests/answer/status-file.ts';
import type { BatchProgress } from '../provisioning/batch.ts';
import type { Decision } from '../provisioning/decision.ts';
import { hintOf } from '../provisioning/failure-table.ts';
import { priorityNow } from '../provisioning/priority.ts';
import type { BatchSummary, Registry, WaitingUnit } from '../registry/registry.ts';

/** How a lot stands, for people and programs that have only its folder. */
export interface LotStatus {
  readonly batch: string;
  readonly order: string;
  readonly manifest: string;
  readonly manifestSha256: string;
  readonly state: 'not started' | 'running' | 'paused' | 'closed';
  /** One sentence. */
  readonly says: string;
  /** From 1, which goes first, to 5. */
  readonly priority: number;
  /** All but `ordered` add up to it. */
  readonly units: {
    readonly ordered: number;
    readonly passed: number;
    readonly failed: number;
    readonly errors: number;
    readonly held: number;
    readonly waiting: number;
    readonly open: number;
  };
  /** What waits for a decision, by cause. */
  readonly waiting: readonly WaitingCause[];
  /** What is wrong with the line, and what to do, in sentences. */
  readonly line: readonly string[];
  /** The last that people decided about the batch, the first one first. */
  readonly decisions: readonly Decision[];
  readonly acceptedAt: string;
  readonly startedAt?: string;
  readonly closedAt?: string;
  /** When the units that do not wait will have ended at the present pace; absent where there is none. ISO 8601. */
  readonly expectedEnd?: string;
  readonly result?: { readonly file: string; readonly version: number };
}

export interface WaitingCause {
  readonly code: string;
  readonly says: string;
  readonly units: number;
  /** At most 20 of them. */
  readonly serials: readonly string[];
}

const NAMED = 20;

/** What is known beside the registry; absent where nobody answers. */
export interface LotPulse {
  /** Of each run of the batch that is open. */
  readonly progress?: readonly BatchProgress[];
  /** Says of each run that was ended in Temporal what to type. */
  readonly broken?: readonly string[];
  /** Units that end in a second, as seen lately. */
  readonly rate?: number;
}

/** It is written again and again, and anybody who can write to Temporal can pause and resume a batch. All of them stay in the registry. */
const DECISIONS_SHOWN = 200;

/** Reads how a batch stands. Throws RegistryError. */
export async function lotStatus(
  registry: Registry,
  batchId: string,
  files: Pick<LotFiles, 'result'>,
  { progress, rate, broken = [] }: LotPulse = {},
): Promise<LotStatus> {
  const summary = await registry.batchSummary(batchId);
  const { batch, passed, failed, errors, held } = summary;
  const waits = await waitingNow(registry, batchId, progress);
  const open = batch.quantity - passed - failed - errors - held - waits.length;
  const units = { ordered: batch.quantity, passed, failed, errors, held, waiting: waits.length, open };
  const decisions = await registry.batchDecisions(batchId);
  const state = stateOf(summary, decisions, progress);
  const trouble = progress?.flatMap((each) => each.trouble ?? []) ?? [];
  const line = [...broken, ...new Set(trouble.map(({ says }) => says))];
  const isMoving = state === 'running' && broken.length === 0 && rate !== undefined && rate > 0 && open > 0;
  const expectedEnd = isMoving && new Date(Date.now() + (open / rate) * 1_000).toISOString();
  return {
    batch: batchId,
    order: batch.order,
    manifest: batch.manifest,
    manifestSha256: batch.manifestSha256,
    state,
    says: sentence(state, units, broken.length > 0),
    priority: priorityNow(batch, decisions),
    units,
    waiting: causesOf(waits),
    line,
    decisions: decisions.slice(-DECISIONS_SHOWN),
    acceptedAt: batch.importedAt,
    ...(batch.startedAt !== undefined && { startedAt: batch.startedAt }),
    ...(batch.closedAt !== undefined && state === 'closed' && { closedAt: batch.closedAt }),
    ...(expectedEnd !== false && { expectedEnd }),
    ...(batch.resultVersion !== undefined && {
      result: { file: basename(files.result), version: batch.resultVersion },
    }),
  };
}

/** Each unit of a batch, as far as it has come. */
export async function* unitStatuses(
  registry: Registry,
  batchId: string,
  { progress }: LotPulse = {},
): AsyncGenerator<UnitStatus> {
  const waiting = new Set((await waitingNow(registry, batchId, progress)).map(({ serial }) => serial));
  for await (const row of registry.resultRows(batchId)) {
    const state = row.outcome !== undefined ? 'ended' : waiting.has(row.serial) ? 'waits' : 'open';
    yield { ...row, state, says: hintOf(row.code) ?? '' };
  }
}

/** The record has a unit that tries again as waiting until it ends, so the running batch corrects it. */
async function waitingNow(
  registry: Registry,
  batchId: string,
  progress: readonly BatchProgress[] | undefined,
): Promise<WaitingUnit[]> {
  const recorded = await registry.waitingUnits(batchId);
  if (progress === undefined) return recorded;
  const live = new Set(progress.flatMap(({ attention }) => attention.map(({ serial }) => serial)));
  return recorded.filter(({ serial }) => live.has(serial));
}

function stateOf(
  { batch }: BatchSummary,
  decisions: readonly Decision[],
  progress: readonly BatchProgress[] | undefined,
): LotStatus['state'] {
  if (batch.state === 'closed') return 'closed';
  if (batch.startedAt === undefined) return 'not started';
  // One that was recovered is not paused.
  const last = decisions.findLast(({ verdict }) => ['pause', 'resume', 'recover'].includes(verdict));
  const isPaused = progress?.some(({ pause }) => pause !== undefined) ?? last?.verdict === 'pause';
  return isPaused ? 'paused' : 'running';
}

function sentence(state: LotStatus['state'], units: LotStatus['units'], isBroken: boolean): string {
  const { ordered, passed, waiting, open } = units;
  const done = `${passed} of ${ordered} units passed`;
  if (state === 'closed') return `The lot is closed: ${done}.`;
  const waits = waiting === 0 ? '' : `, ${waiting} ${waiting === 1 ? 'waits' : 'wait'} for a decision`;
  const left = open === 0 ? '' : `, ${open} ${open === 1 ? 'has' : 'have'} not ended`;
  if (isBroken) return `The lot was ended in Temporal, and a person must recover it: ${done}${waits}${left}.`;
  const how = state === 'paused' ? 'The lot is paused, and no further unit starts' : `The lot is ${state}`;
  return `${how}: ${done}${waits}${left}.`;
}

function causesOf(waits: readonly WaitingUnit[]): WaitingCause[] {
  return [...Map.groupBy(waits, ({ code }) => code)]
    .map(([code, units]) => ({
      code,
      says: hintOf(code) ?? '',
      units: units.length,
      serials: units.slice(0, NAMED).map(({ serial }) => serial),
    }))
    .toSorted((a, b) => b.units - a.units);
}
