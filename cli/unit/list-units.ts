import { hintOf } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { Registry } from '../../registry/registry.ts';
import { registryName } from '../../line/registry.ts';
import { findBatch } from '../batch/find-batch.ts';
import { standingSummary } from '../batch/standing-summary.ts';
import type { StandingSummary } from '../batch/standing-summary.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printBeside, printTable } from '../terminal/table.ts';
import { shownTime } from '../terminal/words.ts';
import type { Invocation } from '../invocation.ts';
import { retryCommand } from './retry-command.ts';

export interface ListUnitsOptions {
  readonly batch?: string;
  readonly code?: readonly FailureCode[];
  readonly station?: string;
  readonly json?: boolean;
}

/** A unit that waits for a decision. `since`: when its last attempt failed. */
export interface ListedUnit {
  readonly serial: string;
  readonly batchId: string;
  readonly code: string;
  readonly step: string;
  readonly stationId?: string;
  readonly since?: string;
  /** The command to type when the hint of its code was followed. */
  readonly command: string;
}

interface WaitingList {
  readonly units: readonly ListedUnit[];
  /** `temporal`: by search attribute, where there is no registry. */
  readonly from: 'registry' | 'temporal';
  /** Who says that they still wait. */
  readonly waitingBy: StandingSummary['waitingBy'];
}

/** `certline unit list --waiting`. Throws `unknown` for a batch that is not there, LINE_NOT_RUNNING where nobody can be asked. */
export async function listWaitingUnits(invocation: Invocation, options: ListUnitsOptions): Promise<void> {
  const all = await waitingList(invocation, options.batch);
  const list = { ...all, units: all.units.filter((unit) => isAskedFor(unit, options)) };
  if (options.json === true) printJson({ ...list, units: list.units.map(withHint) });
  else await print(list, registryName(invocation));
}

/** The units that wait for a decision, in all batches or in one. Throws as `listWaitingUnits`. */
export async function waitingList(invocation: Invocation, batch: string | undefined): Promise<WaitingList> {
  const { stateFolder } = invocation;
  return await withRegistryIfAny(invocation, async (registry) =>
    registry === undefined
      ? await fromTemporal(stateFolder, batch)
      : await fromRegistry(stateFolder, registry, batch),
  );
}

function isAskedFor({ code, stationId }: ListedUnit, options: ListUnitsOptions): boolean {
  const hasCode = options.code === undefined || options.code.some((asked) => asked === code);
  return hasCode && (options.station === undefined || options.station === stationId);
}

async function fromRegistry(
  stateFolder: string,
  registry: Registry,
  batch: string | undefined,
): Promise<WaitingList> {
  const batches = batch === undefined ? await registry.listBatches() : [await findBatch(registry, batch)];
  const units: ListedUnit[] = [];
  let waitingBy: WaitingList['waitingBy'] = 'temporal';
  for (const { batchId } of batches.filter(({ state }) => state === 'open')) {
    const standing = await standingSummary(stateFolder, registry, batchId);
    if (standing.waiting.length > 0 && standing.waitingBy === 'registry') waitingBy = 'registry';
    for (const { serial, code, step } of standing.waiting) {
      const attempts = (await registry.unit(serial))?.attempts ?? [];
      const { stationId, finishedAt } = attempts.at(-1) ?? {};
      const hasBegun = stationId !== undefined;
      units.push({
        serial,
        batchId,
        code,
        step,
        ...(stationId !== undefined && { stationId }),
        ...(finishedAt !== undefined && { since: finishedAt }),
        command: retryCommand({ serial, batchId, step, hasBegun }),
      });
    }
  }
  const chosen = batch === undefined ? undefined : batches[0]?.batchId;
  units.push(...(await waitingInReworks(registry, chosen)));
  return { units, from: 'registry', waitingBy };
}

/** Units in a rework have passed, so their batches may have closed long ago. */
async function waitingInReworks(registry: Registry, batch: string | undefined): Promise<ListedUnit[]> {
  const units: ListedUnit[] = [];
  for (const { units: ofRework } of await registry.reworks())
    for (const { serial, code, step, attention } of ofRework) {
      const record = attention ? await registry.unit(serial) : undefined;
      if (record === undefined || code === undefined || step === undefined) continue;
      const { batchId } = record;
      if (batch !== undefined && batchId !== batch) continue;
      const { finishedAt: since } = record.attempts.at(-1) ?? {};
      const command = `certline unit retry ${serial}`;
      units.push({ serial, batchId, code, step, ...(since !== undefined && { since }), command });
    }
  return units;
}

async function fromTemporal(stateFolder: string, batch: string | undefined): Promise<WaitingList> {
  const { withLineClient } = await import('../line/line-client.ts');
  const { unitsInAttention } = await import('./units-in-attention.ts');
  const units = await withLineClient(stateFolder, async (client) => await unitsInAttention(client, batch));
  return { units, from: 'temporal', waitingBy: 'temporal' };
}

function withHint(unit: ListedUnit): object {
  return { ...unit, hint: hintOf(unit.code) ?? '' };
}

async function print({ units, from, waitingBy }: WaitingList, registry: string): Promise<void> {
  if (units.length === 0) printLine('No unit waits for a decision.');
  else {
    const heads = ['serial', 'batch', 'code', 'step', 'station', 'since', 'then type'];
    await printTable(
      heads.map((head) => ({ head })),
      units.map((unit) => [
        unit.serial,
        unit.batchId,
        unit.code,
        unit.step,
        unit.stationId ?? '',
        shownTime(unit.since) ?? '',
        unit.command,
      ]),
    );
    printLine();
    for (const code of new Set(units.map((unit) => unit.code)))
      printBeside(`${code}:`, hintOf(code) ?? '', ' ');
  }
  printLine();
  printLine(sourceOf(from, waitingBy, registry));
}

function sourceOf(from: WaitingList['from'], waitingBy: WaitingList['waitingBy'], registry: string): string {
  if (from === 'temporal') return `From Temporal, by search attribute: there is no registry ${registry}.`;
  if (waitingBy === 'temporal') return `From the registry ${registry}.`;
  return `From the registry ${registry}: no orchestrator answers, so some may be trying again already.`;
}
