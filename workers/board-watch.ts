import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { isAboutBoards } from '../provisioning/line-trouble.ts';
import type { LineTrouble } from '../provisioning/line-trouble.ts';
import type { Product } from '../provisioning/product.ts';
import { MESSAGES } from '../provisioning/messages.ts';
import type { UnitState } from '../provisioning/unit.ts';
import { batchWorkflowId } from '../provisioning/workflow-ids.ts';
import { BatchTeller } from './batch-teller.ts';
import { every } from './periodic-role.ts';
import type { Role } from './role.ts';

const LOOK_PAUSE_MS = 10_000;

/** While boards are changed no unit gets one for some seconds. */
const PATIENCE_MS = 60_000;

/** Units of a product in a batch that are asked whether they have a board, the oldest first: one that has is enough. */
const ASKED_MAX = 50;

const UNITS = `WorkflowType = 'unit' AND ExecutionStatus = 'Running' AND ProvStatus IS NULL`;

/** A unit that is under way and waits for no decision. */
export interface SeenUnit {
  readonly workflowId: string;
  readonly batchId: string;
  readonly product: string;
  readonly startedAt: Date;
}

/** Every batch whose units of a product have all waited for a board for a minute shows it, and how to end them. */
export function watchBoards(
  client: Client,
  products: readonly Pick<Product, 'name' | 'assignment'>[],
  log: Logger,
  patienceMs = PATIENCE_MS,
): Role {
  const teller = new BatchTeller(client, 'boards', isAboutBoards, log);
  const listed = products.filter(({ assignment }) => assignment === 'listed-board').map(({ name }) => name);
  const rules = { listed: new Set(listed), served: new Map<string, Date>() };
  const look = async (): Promise<void> => {
    const before = new Date(Date.now() - patienceMs);
    const found = await boardTroubles(
      await unitsUnderWay(client),
      before,
      async (unit) => {
        const state = await client.workflow.getHandle(unit.workflowId).query<UnitState>(MESSAGES.state);
        return state.step !== 'generateKeypair' || state.stationId !== undefined;
      },
      rules,
    );
    await teller.tell(
      found.map(({ trouble }) => trouble),
      (trouble, workflowId) =>
        found.some((each) => each.trouble === trouble && isRunOf(workflowId, each.batchId)),
    );
  };
  const failed = 'cannot see which units wait for a board; the next look comes';
  return every(LOOK_PAUSE_MS, [{ run: look, failed }], log);
}

/** Which boards the units of a product take, and when one was last seen to have one. */
export interface BoardRules {
  /** Products whose units take a certain board each: that others have boards says nothing of it. */
  readonly listed: ReadonlySet<string>;
  /** By product, kept up to date by each look: between two boards no unit has one for some seconds. */
  readonly served: Map<string, Date>;
}

/** What the batches of these units have to show, of units that have all begun before that time. `hasBoard` asks a unit. */
export async function boardTroubles(
  units: readonly SeenUnit[],
  before: Date,
  hasBoard: (unit: SeenUnit) => Promise<boolean>,
  { listed, served }: BoardRules,
): Promise<{ readonly batchId: string; readonly trouble: LineTrouble }[]> {
  const found: { readonly batchId: string; readonly trouble: LineTrouble }[] = [];
  for (const [product, ofProduct] of Map.groupBy(units, (unit) => unit.product)) {
    const waiting: string[] = [];
    const others: SeenUnit[][] = [];
    for (const [batchId, alike] of Map.groupBy(ofProduct, (unit) => unit.batchId)) {
      // One that has begun lately took the place of one that got a board.
      if (alike.some(({ startedAt }) => startedAt >= before)) others.push(alike);
      else if (await anyHas(alike, hasBoard)) served.set(product, new Date());
      else waiting.push(batchId);
    }
    if (waiting.length === 0) continue;
    for (const alike of others) if (await anyHas(alike, hasBoard)) served.set(product, new Date());
    const isBusy = !listed.has(product) && (served.get(product)?.getTime() ?? 0) >= before.getTime();
    for (const batchId of waiting) found.push({ batchId, trouble: troubleOf(batchId, product, isBusy) });
  }
  return found;
}

async function anyHas(
  units: readonly SeenUnit[],
  hasBoard: (unit: SeenUnit) => Promise<boolean>,
): Promise<boolean> {
  const oldest = units.toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  for (const unit of oldest.slice(0, ASKED_MAX)) if (await hasBoard(unit)) return true;
  return false;
}

/** The same words for as long as it lasts: each change is a signal. */
function troubleOf(batchId: string, product: string, isBusy: boolean): LineTrouble {
  const first = `let this one go first with certline batch priority ${batchId} 1`;
  const end = `leave one unit out with certline unit skip, or all with certline batch close ${batchId} --short`;
  const since = `no unit of product ${product} has got a board for a minute`;
  if (isBusy) {
    const says = `${since}: units of other batches have the boards, so wait for its turn, or ${first}; ${end}`;
    return { code: 'SOCKETS_BUSY', says };
  }
  const says = `${since}: put a board that fits, or that the manifest lists, into a socket; if units of other batches have the sockets, ${first}; ${end}`;
  return { code: 'NO_BOARD', says };
}

function isRunOf(workflowId: string, batchId: string): boolean {
  const first = batchWorkflowId(batchId);
  return workflowId === first || workflowId.startsWith(`${first}/`);
}

async function unitsUnderWay(client: Client): Promise<SeenUnit[]> {
  const units: SeenUnit[] = [];
  for await (const { workflowId, startTime, searchAttributes } of client.workflow.list({ query: UNITS })) {
    const [batchId, product] = [searchAttributes['ProvBatch']?.[0], searchAttributes['ProvProduct']?.[0]];
    if (batchId !== undefined && product !== undefined)
      units.push({ workflowId, batchId: String(batchId), product: String(product), startedAt: startTime });
  }
  return units;
}
