import { createHash } from 'node:crypto';
import type { Order } from '../../pki/order.ts';
import type { ReleaseUnitsInput } from '../../provisioning/steps-io.ts';
import type { UnitRow } from '../../provisioning/unit.ts';
import type { BadStations } from './bad-requests.ts';
import { boardNamed, type LoadLine } from './load-line.ts';
import { RandomSeries } from './random-series.ts';
import { activate, boardTaken, unitStory, type BatchScene } from './unit-story.ts';

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

const DAY_MS = 86_400_000;
const RELEASED_AT_ONCE = 25;

/** One batch from its order to its end: bad orders first, then its units, then requests after the order's end. */
export async function batchStory({ line, bad, number, units, width, seed }: BatchPlan): Promise<void> {
  const random = new RandomSeries(seed * 1_000 + number);
  const batchId = `b${number}`;
  const order = `PO-${number}`;
  const rows = rowsOf(batchId, units);
  const manifestSha256 = createHash('sha256').update(`${seed} ${batchId}`).digest('hex');
  const batch = { batchId, order, manifest: `${batchId}.csv`, sha256: manifestSha256, rows: units };
  await line.registry.importBatch(batch, manifestOf(rows));
  const desk = new OrderDeskStory(line, { batchId, order, manifestSha256, quantity: units, units: rows });
  await desk.badOrders(random);
  await desk.goodOrder(Math.ceil(units / 8));
  await desk.release();
  await desk.badReleases();
  const scene = { line, batchId, order, bad, toActivate: [], passed: [] };
  await allUnits(scene, rows, { width, random });
  await activate(scene);
  await afterwards(scene, random);
  await desk.end(scene, random);
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
  const elsewhere = line.request(next, { station, boardId: boardNamed('elsewhere') });
  line.expectRefused('a bound serial', await line.sign(elsewhere), 'BOARD_BOUND', 'NOT_RELEASED');
  const taken = line.request(next, { station, boardId: second.claim.boardId });
  line.expectRefused('a bound board', await line.sign(taken), 'BOARD_BOUND', 'NOT_RELEASED');
  line.passed.delete(third.requestId);
  const { requestId } = third;
  const recall = { requestId, reason: 'keyCompromise' } as const;
  line.expectDone('recall', await line.client.ask('revokeByHand', recall));
  line.recalled += 1;
}

/** What happens between the OEM's order and the signer, beside the batch's units. */
class OrderDeskStory {
  readonly #line: LoadLine;
  readonly #batch: ReleaseUnitsInput;
  #revision = 0;
  #reissues = 0;

  constructor(line: LoadLine, batch: ReleaseUnitsInput) {
    this.#line = line;
    this.#batch = batch;
  }

  /** Orders that allow nothing, some of the ways there are. */
  async badOrders(random: RandomSeries): Promise<void> {
    await this.#refused('no order', 'ORDER_UNKNOWN');
    const [future, past] = [new Date(Date.now() + DAY_MS), new Date(Date.now() - 1_000)];
    const ways: readonly (readonly [string, string, Partial<Order>])[] = [
      [
        'an order for later',
        'ORDER_NOT_OPEN',
        { opens: future.toISOString(), closes: '9999-12-31T00:00:00.000Z' },
      ],
      ['an order that ended', 'ORDER_EXPIRED', { closes: past.toISOString() }],
      ['an order for less', 'QUOTA_EXCEEDED', { quantity: this.#batch.quantity - 1 }],
      ['an order for another manifest', 'ORDER_MISMATCH', { manifestSha256: 'ab'.repeat(32) }],
    ];
    for (const [what, code, terms] of ways) {
      if (!random.chance(0.5)) continue;
      this.#write(terms);
      await this.#refused(what, code);
    }
    this.#line.writeOrder(this.#terms(), { flippedByte: true });
    await this.#refused('an order with a byte changed', 'ORDER_INVALID');
    this.#line.writeOrder(this.#terms(), { byStranger: true });
    await this.#refused("a stranger's order", 'ORDER_INVALID');
  }

  async goodOrder(reissues: number): Promise<void> {
    this.#reissues = reissues;
    this.#write({});
  }

  async release(): Promise<void> {
    const { units } = this.#batch;
    for (let at = 0; at < units.length; at += RELEASED_AT_ONCE) {
      const chunk = { ...this.#batch, units: units.slice(at, at + RELEASED_AT_ONCE) };
      this.#line.expectDone('release', await this.#line.client.ask('releaseUnits', chunk));
    }
  }

  /** More than was released, or other things than were. */
  async badReleases(): Promise<void> {
    const { batchId, quantity, units } = this.#batch;
    const [first] = units;
    await this.#refused('another quantity', 'RELEASE_CONFLICT', { quantity: quantity + 1 });
    await this.#refused('another product', 'ORDER_MISMATCH', { units: [{ ...first!, product: 'pump' }] });
    const more = [{ serial: `${batchId.toUpperCase()}-MORE`, product: 'sensor' }];
    await this.#refused('one serial more', 'QUOTA_EXCEEDED', { units: more });
  }

  /** The order ends: by its date or by a person; then nothing is signed or released under it. */
  async end({ line, passed }: BatchScene, random: RandomSeries): Promise<void> {
    const { order } = this.#batch;
    const station = random.pick(line.stations);
    const last = passed.at(-1);
    const ask = async (what: string, code: string): Promise<void> => {
      if (last === undefined) return;
      const { unit, claim } = last;
      const late = line.request({ ...unit, attempt: 60 }, { station, boardId: claim.boardId });
      line.expectRefused(what, await line.sign(late), code);
    };
    if (random.chance(0.5)) {
      this.#write({ closes: new Date(Date.now() - 1_000).toISOString() });
      await ask('under an order that ended', 'ORDER_EXPIRED');
    }
    line.expectDone('close', await line.client.ask('closeOrder', { order }));
    await ask('under a closed order', 'ORDER_CLOSED');
    await this.#refused('a release under a closed order', 'ORDER_CLOSED');
  }

  #terms() {
    const { order, quantity } = this.#batch;
    return { order, revision: this.#revision + 1, quantity, reissues: this.#reissues };
  }

  #write(changes: Partial<Order>): void {
    this.#line.writeOrder({ ...this.#terms(), ...changes });
    this.#revision += 1;
  }

  async #refused(what: string, code: string, changes: Partial<ReleaseUnitsInput> = {}): Promise<void> {
    const answer = await this.#line.client.ask('releaseUnits', { ...this.#batch, ...changes });
    this.#line.refusals += 1;
    this.#line.expectRefused(what, answer, code);
  }
}
