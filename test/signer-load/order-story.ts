import type { Order } from '../../pki/orders/order.ts';
import type { ReleaseUnitsInput } from '../../provisioning/signing.ts';
import type { LoadLine } from './load-line.ts';
import { signRelease } from '../../pki/signing/intake-statements.ts';
import { INTAKE_KEY, requestOf } from './load-station.ts';
import type { RandomSeries } from './random-series.ts';
import type { BatchScene } from './unit-steps.ts';

const DAY_MS = 86_400_000;
const RELEASED_AT_ONCE = 25;

/** What happens between the OEM's order and the signer, beside the batch's units. */
export class OrderStory {
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
    this.#line.oem.writeOrder(this.#terms(), { flippedByte: true });
    await this.#refused('an order with a byte changed', 'ORDER_INVALID');
    this.#line.oem.writeOrder(this.#terms(), { byStranger: true });
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
      this.#line.expectDone('release', await this.#line.client.ask('releaseUnits', signedRelease(chunk)));
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
      const late = requestOf({ ...unit, attempt: 60 }, { station, boardId: claim.boardId });
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
    this.#line.oem.writeOrder({ ...this.#terms(), ...changes });
    this.#revision += 1;
  }

  async #refused(what: string, code: string, changes: Partial<ReleaseUnitsInput> = {}): Promise<void> {
    const answer = await this.#line.client.ask('releaseUnits', signedRelease({ ...this.#batch, ...changes }));
    this.#line.refusals += 1;
    this.#line.expectRefused(what, answer, code);
  }
}

function signedRelease(release: ReleaseUnitsInput): ReleaseUnitsInput {
  return { ...release, signed: signRelease(release, INTAKE_KEY.privateKey) };
}
