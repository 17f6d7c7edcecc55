import { createHash } from 'node:crypto';
import type { UnitRow } from '../../provisioning/unit.ts';
import type { BadStations } from './bad-requests.ts';
import type { LoadLine } from './load-line.ts';
import { boardNamed, requestOf } from './load-station.ts';
import { OrderStory } from './order-story.ts';
import { RandomSeries } from './random-series.ts';
import { boardTaken } from './unit-races.ts';
import { activate } from './unit-steps.ts';
import type { BatchScene } from './unit-steps.ts';
import { unitStory } from './unit-story.ts';

export interface BatchPlan {
  readonly line: LoadLine;
  readonly bad: BadStations;
  /** From 1. */
  readonly number: number;
  readonly units: number;
  /** Units on their way at once. */
  readonly width: number;
  readonly seed: number;
}

/** One batch from its order to its end: bad orders first, then its units, then requests after the order's end. */
export async function batchStory({ line, bad, number, units, width, seed }: BatchPlan): Promise<void> {
  const random = new RandomSeries(seed * 1_000 + number);
  const batchId = `b${number}`;
  const order = `PO-${number}`;
  const rows = rowsOf(batchId, units);
  const manifestSha256 = createHash('sha256').update(`${seed} ${batchId}`).digest('hex');
  const batch = { batchId, order, manifest: `${batchId}.csv`, manifestSha256, quantity: units };
  await line.registry.importBatch(batch, manifestOf(rows));
  const orders = new OrderStory(line, { batchId, order, manifestSha256, quantity: units, units: rows });
  await orders.badOrders(random);
  await orders.goodOrder(Math.ceil(units / 8));
  await orders.release();
  await orders.badReleases();
  const scene = { line, batchId, order, bad, toActivate: [], passed: [] };
  await allUnits(scene, rows, { width, random });
  await activate(scene);
  await afterwards(scene, random);
  await orders.end(scene, random);
  await line.books.closeBatch({ batchId, cancelled: false });
}

/** Some units are released to a board of their own. */
function rowsOf(batchId: string, units: number): UnitRow[] {
  return Array.from({ length: units }, (_, index) => {
    const serial = `${batchId.toUpperCase()}-${String(index + 1).padStart(4, '0')}`;
    const wanted = index % 10 === 9 ? { boardId: boardNamed(`${serial}/wanted`) } : {};
    return { serial, product: 'sensor', ...wanted };
  });
}

async function* manifestOf(rows: readonly UnitRow[]) {
  for (const row of rows) yield { ...row, attrs: {} };
}

/** Each unit's story has a series of its own, so that it does the same in whatever order the others go. */
async function allUnits(
  scene: BatchScene,
  rows: readonly UnitRow[],
  { width, random }: { readonly width: number; readonly random: RandomSeries },
): Promise<void> {
  const stories: (() => Promise<void>)[] = [];
  for (let at = 0; at < rows.length; at++) {
    const own = new RandomSeries(random.below(2 ** 31));
    const [row, next] = [rows[at]!, rows[at + 1]];
    const isPair = row.boardId === undefined && next !== undefined && next.boardId === undefined;
    if (isPair && own.chance(0.03)) {
      at += 1;
      stories.push(() => boardTaken(scene, [row, next], own));
    } else stories.push(() => unitStory(scene, row, own));
  }
  const workers = Array.from({ length: width }, async () => {
    for (let story = stories.shift(); story !== undefined; story = stories.shift()) await story();
  });
  await Promise.all(workers);
}

/** Units that passed: their boards and serials are bound, and a person may recall one. */
async function afterwards({ line, passed }: BatchScene, random: RandomSeries): Promise<void> {
  const [first, second, third] = passed;
  if (first === undefined || second === undefined || third === undefined) return;
  const station = random.pick(line.stations);
  const next = { ...first.unit, attempt: 50 };
  const elsewhere = requestOf(next, { station, boardId: boardNamed('elsewhere') });
  line.expectRefused('a bound serial', await line.sign(elsewhere), 'SERIAL_BOUND', 'NOT_RELEASED');
  const taken = requestOf(next, { station, boardId: second.claim.boardId });
  line.expectRefused('a bound board', await line.sign(taken), 'BOARD_BOUND', 'NOT_RELEASED');
  line.passed.delete(third.requestId);
  const { requestId } = third;
  const recall = { requestId, reason: 'keyCompromise' } as const;
  line.expectDone('recall', await line.client.ask('revokeByHand', recall));
  line.recalled += 1;
}
