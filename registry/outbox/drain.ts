import { DeviceRegistryError, isOfDevice } from '../device-registry-error.ts';
import type { Answer, Device, DeviceRegistry } from '../device-registry.ts';
import type { Outbox, OutboxEntry, OutboxResult, RegistryStanding } from '../outbox.ts';
import { callsOf } from './calls.ts';
import type { Call } from './calls.ts';
import type { Clock } from './clock.ts';
import { isPausing, nextStanding } from './next-standing.ts';
import { otherAccount } from './other-account.ts';
import { RecentSuccesses } from './recent-successes.ts';

/** How often an empty outbox is looked at, and one that pauses: a person may end the pause. */
const LOOK_MS = 250;
const LOOK_IN_PAUSE_MS = 5_000;

/** Results gathered for one write: a disk syncs a few hundred times a second. What a kill loses is done again. */
const GATHER_RESULTS_MS = 50;

/** Entries read at once: those of two seconds, so that what is new is not behind an hour of older ones. */
const PAGE_SECONDS = 2;
const PAGE_MOST = 500;
/** A page is booked whole, so it takes no longer than this: what is booked and not sent before the end of a drain is lost. */
const BOOKED_SECONDS = 60;

/** What a timer may be late without shifting what follows it. */
const TIMER_LATE_MS = 20;

export interface DrainParts {
  readonly registry: DeviceRegistry;
  readonly outbox: Pick<Outbox, 'due' | 'settle' | 'standing' | 'book' | 'keepAccount' | 'forgetAccount'>;
  /** The subject's names in a certificate, DER; undefined where it has none that can be read. */
  readonly namesIn: (certificate: Uint8Array) => Pick<Device, 'commonName' | 'organization'> | undefined;
  readonly devicesPerSecond: number;
  readonly clock: Clock;
  /** An error that is a defect of ours: it is for the log. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * Brings one device registry to have what the outbox says, until `endAt` or until the signal is aborted. Only one such drain may
 * run for a device registry; two would do no harm but repeat each other's calls, and share its rate. Memory does not grow with
 * the outbox. Throws what the outbox throws.
 */
export async function drain(parts: DrainParts, endAt: number, signal: AbortSignal): Promise<void> {
  await new Drain(parts, endAt, signal).run();
}

class Drain {
  readonly #parts: DrainParts;
  readonly #endAt: number;
  readonly #signal: AbortSignal;
  /** Entries that are sent and not yet settled. */
  readonly #underWay = new Map<number, OutboxEntry>();
  readonly #calls = new Set<Promise<void>>();
  /** By act: that some calls are carried out says nothing about others. */
  readonly #successes = { put: new RecentSuccesses(), withdraw: new RecentSuccesses() };
  /** Faults of whole calls that are about one of their devices, and nobody knows which. */
  readonly #undivided = new WeakSet<DeviceRegistryError>();
  #results: OutboxResult[] = [];
  #settling: Promise<void> | undefined;
  #look: Promise<boolean> | undefined;
  /** Why results could not be recorded: without that nothing more is sent. */
  #failure: unknown;
  #standing: RegistryStanding = { failures: 0, pausedUntil: 0 };
  /** The last call: when it was sent, and how much of the time it takes. */
  #sent = { at: 0, takesMs: 0 };
  #gatheringSince: number | undefined;
  /** The account is the one that is kept: nothing is sent before that. */
  #isAccountKept = false;
  /** The account that is kept since this drain, while nothing can be there yet. */
  #unusedAccount: string | undefined;

  constructor(parts: DrainParts, endAt: number, signal: AbortSignal) {
    this.#parts = parts;
    this.#endAt = endAt;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { outbox, registry, clock } = this.#parts;
    this.#standing = await outbox.standing(registry.name);
    try {
      while (!this.#isOver()) {
        if (isPausing(this.#standing, clock.now())) await this.#pause();
        else await this.#sendPage();
      }
    } finally {
      await this.#endCalls();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #isOver(): boolean {
    return this.#failure !== undefined || this.#signal.aborted || this.#parts.clock.now() >= this.#endAt;
  }

  async #sleep(ms: number): Promise<void> {
    const { clock } = this.#parts;
    await clock.sleep(Math.max(0, Math.min(ms, this.#endAt - clock.now())), this.#signal);
  }

  /** What is under way ends first, and is recorded; then the outbox may say that the pause is over. */
  async #pause(): Promise<void> {
    const { outbox, registry, clock } = this.#parts;
    await this.#endCalls();
    await this.#sleep(Math.min(this.#standing.pausedUntil - clock.now(), LOOK_IN_PAUSE_MS));
    this.#standing = await outbox.standing(registry.name);
  }

  /** What is under way ends, and is recorded. An account that got nothing may have been a mistake, which a person corrects. */
  async #endCalls(): Promise<void> {
    await Promise.all(this.#calls);
    await this.#settling;
    const unused = this.#unusedAccount;
    if (unused === undefined) return;
    this.#unusedAccount = undefined;
    this.#isAccountKept = false;
    await this.#parts.outbox.forgetAccount(this.#parts.registry.name, unused);
  }

  /**
   * Before anything is sent, the account is kept: a call that is cut off may have been carried out. Where another one has the
   * devices, this one would say of each that it is not there.
   */
  async #keepAccount(): Promise<void> {
    const { outbox, registry, clock } = this.#parts;
    const { account, isNew } = await outbox.keepAccount(registry.name, registry.account);
    const fault = otherAccount(registry.name, account, registry.account);
    this.#isAccountKept = fault === undefined;
    // Where the CA is trusted, certificates may work there before anything is sent.
    if (isNew && !registry.guarantees.signedIsLive) this.#unusedAccount = account;
    if (fault === undefined) return;
    const error = new DeviceRegistryError('credentials', fault);
    this.#standing = nextStanding(this.#standing, error, clock.now(), registry.pace);
    await outbox.settle(registry.name, [], this.#standing);
  }

  async #sendPage(): Promise<void> {
    const calls = await this.#nextCalls();
    if (calls.length === 0) return this.#sleep(LOOK_MS);
    if (!this.#isAccountKept) await this.#keepAccount();
    if (!this.#isAccountKept) return;
    const { outbox, registry, clock, devicesPerSecond } = this.#parts;
    const devices = calls.reduce((sum, { entries }) => sum + entries.length, 0);
    const now = clock.now();
    const bookedFrom = await outbox.book(registry.name, now, devices, devicesPerSecond);
    let startAt = Math.max(bookedFrom, this.#freeAt(now));
    const pageMs = (devices * 1_000) / devicesPerSecond;
    const mostMs = startAt - now + pageMs;
    for (const call of calls) {
      // The time after it is somebody else's: what is left is booked again.
      if (startAt >= bookedFrom + pageMs) return;
      const waitMs = startAt - clock.now();
      // The clock was set back: it is booked again.
      if (waitMs > mostMs) return;
      // Parts of a millisecond are not waited for.
      if (waitMs >= 1) await this.#sleep(Math.ceil(waitMs));
      while (this.#calls.size >= registry.pace.callsAtOnce) await Promise.race(this.#calls);
      // What was booked and is not sent stays unused.
      if (this.#isOver() || isPausing(this.#standing, clock.now())) return;
      const takesMs = (call.entries.length * 1_000) / devicesPerSecond;
      // Else no page would end within the time that is booked for it.
      const isPunctual = clock.now() - startAt < Math.min(takesMs, TIMER_LATE_MS);
      this.#sent = { at: isPunctual ? startAt : clock.now(), takesMs };
      this.#start(call);
      // Time that was booked and has passed is lost.
      startAt = this.#sent.at + takesMs;
    }
  }

  /** When the time has passed that the last call takes. */
  #freeAt(now: number): number {
    const { at, takesMs } = this.#sent;
    return isAhead(at, now) ? now : at + takesMs;
  }

  /** After a failure of the device registry, one device shows whether it is well again. */
  async #nextCalls(): Promise<Call[]> {
    const { outbox, registry, clock } = this.#parts;
    const page = this.#page();
    const due = await outbox.due(registry.name, clock.now(), page + this.#underWay.size);
    const fresh = due.filter(({ entryId }) => !this.#underWay.has(entryId));
    const busy = new Set([...this.#underWay.values()].map(({ device }) => device.serial));
    const calls = callsOf(fresh, registry.pace.devicesPerCall, busy);
    if (this.#standing.failures > 0) return this.#calls.size > 0 ? [] : trial(calls);
    return this.#mustGather(fresh.length) ? [] : calls;
  }

  /** Entries that are read and booked at once: at least a call, where the rate allows one. */
  #page(): number {
    const { registry, devicesPerSecond } = this.#parts;
    const wanted = Math.min(Math.ceil(devicesPerSecond * PAGE_SECONDS), PAGE_MOST);
    const allowed = Math.ceil(devicesPerSecond * BOOKED_SECONDS);
    return Math.max(1, Math.min(Math.max(registry.pace.devicesPerCall, wanted), allowed));
  }

  /** Whether more entries may yet come for a call that is not full. */
  #mustGather(waiting: number): boolean {
    const { registry, clock } = this.#parts;
    const { devicesPerCall, gatherMs } = registry.pace;
    if (waiting === 0 || waiting >= Math.min(devicesPerCall, this.#page())) {
      this.#gatheringSince = undefined;
      return false;
    }
    const now = clock.now();
    if (this.#gatheringSince === undefined || isAhead(this.#gatheringSince, now)) this.#gatheringSince = now;
    if (now - this.#gatheringSince < gatherMs) return true;
    this.#gatheringSince = undefined;
    return false;
  }

  #start(call: Call): void {
    for (const entry of call.entries) this.#underWay.set(entry.entryId, entry);
    const running = this.#send(call).finally(() => this.#calls.delete(running));
    this.#calls.add(running);
  }

  async #send(call: Call): Promise<void> {
    const { act, entries } = call;
    const answers = await this.#answersOf(act, entries);
    const faults = answers.map((answer) => (answer instanceof DeviceRegistryError ? answer : undefined));
    // What was cut off may have been carried out.
    if (this.#signal.aborted || answers.some(mayBeDone)) this.#unusedAccount = undefined;
    if (this.#signal.aborted && faults.some((fault) => fault !== undefined)) return;
    const { clock, registry } = this.#parts;
    const mayBeOwn = entries.map((entry, index) => this.#mayBeOwn(act, entry, faults[index]));
    if (faults.some((fault) => fault?.reason === 'unavailable')) this.#successes[act].failed(call);
    const isWell = mayBeOwn.includes(true) && (await this.#isWell());
    const at = clock.now();
    const isOwnAt = (index: number): boolean => {
      const fault = faults[index];
      return (isWell && mayBeOwn[index] === true) || (fault !== undefined && this.#undivided.has(fault));
    };
    // One call is one failure of the device registry, however many devices were in it.
    const ofRegistry = faults.find((fault, index) => !isOwnAt(index) && !isAnswer(fault));
    this.#standing = nextStanding(this.#standing, ofRegistry, at, registry.pace);
    for (const [index, { entryId, version }] of entries.entries()) {
      const fault = faults[index];
      const isOwn = isOwnAt(index);
      this.#results.push({
        entryId,
        version,
        at,
        pace: registry.pace,
        ...(fault && { fault: outcomeOf(fault, isOwn) }),
        ...(answers[index] === 'unsure' && { isUnsure: true }),
      });
    }
    this.#settling ??= this.#settle();
  }

  /**
   * Whether a fault may be that of the unit. A check tries no write, so that it is well is not enough: the same must have been done
   * for another unit. Where the device registry says how long to wait, it speaks of itself.
   */
  #mayBeOwn(act: Call['act'], entry: OutboxEntry, fault: DeviceRegistryError | undefined): boolean {
    if (fault?.reason !== 'unavailable' || fault.waitMs !== undefined) return false;
    return this.#successes[act].sayOwn(entry, this.#parts.clock.now());
  }

  /** Whether the device registry is well although a call failed: then the fault is that of a unit. All calls share one look. */
  #isWell(): Promise<boolean> {
    this.#look ??= this.#checkAll().finally(() => (this.#look = undefined));
    return this.#look;
  }

  async #checkAll(): Promise<boolean> {
    try {
      const permissions = await this.#parts.registry.check(this.#signal);
      return permissions.every(({ fault }) => fault === undefined);
    } catch (error) {
      this.#faultIn(error);
      return false;
    }
  }

  /** The answer for each entry. */
  async #answersOf(act: Call['act'], entries: readonly OutboxEntry[]): Promise<Answer[]> {
    const answered = new Map<OutboxEntry, Answer>();
    try {
      const open = await this.#notYetDone(act, entries, answered);
      if (open.length > 0) {
        const { registry } = this.#parts;
        const answers = await registry[act](
          open.map(({ device }) => device),
          this.#signal,
        );
        for (const [index, { entry }] of open.entries()) {
          const answer =
            answers[index] ?? new DeviceRegistryError('unavailable', 'No answer.', { isUnknown: true });
          answered.set(entry, answer);
          // What was not written says nothing about what can be written.
          if (answer === 'done') this.#successes[act].done(entry, this.#parts.clock.now());
        }
      }
    } catch (error) {
      const fault = this.#faultOfCall(this.#faultIn(error), entries);
      for (const entry of entries) if (!answered.has(entry)) answered.set(entry, fault);
    }
    return entries.map((entry) => answered.get(entry) ?? 'done');
  }

  /**
   * Where a whole call is refused because of one of its devices, that one is not known: all go again in smaller calls, until it is
   * alone.
   */
  #faultOfCall(fault: DeviceRegistryError, { length }: readonly OutboxEntry[]): DeviceRegistryError {
    if (length === 1 || !isOfDevice(fault.reason)) return fault;
    const divided = new DeviceRegistryError('unavailable', fault.message, { cause: fault });
    this.#undivided.add(divided);
    return divided;
  }

  /**
   * A put whose last call is in doubt is looked at first: it may be done. A withdrawal is always sent again: that a certificate
   * is absent does not say that the device registry will refuse it.
   */
  async #notYetDone(
    act: Call['act'],
    entries: readonly OutboxEntry[],
    answered: Map<OutboxEntry, Answer>,
  ): Promise<{ readonly entry: OutboxEntry; readonly device: Device }[]> {
    const { registry, namesIn } = this.#parts;
    const open: { readonly entry: OutboxEntry; readonly device: Device }[] = [];
    for (const entry of entries) {
      const names = namesIn(entry.device.certificate);
      if (names === undefined) {
        answered.set(entry, unreadable(entry));
        continue;
      }
      const device = { ...entry.device, ...names };
      const isDone =
        act === 'put' &&
        entry.isUnknown &&
        registry.guarantees.canProbe &&
        (await registry.probe(device, this.#signal)) === 'present';
      if (!isDone) open.push({ entry, device });
    }
    return open;
  }

  #faultIn(error: unknown): DeviceRegistryError {
    if (error instanceof DeviceRegistryError) return error;
    this.#parts.onDefect(error);
    const message = `The adapter of the registry ${this.#parts.registry.name} failed: read the log.`;
    return new DeviceRegistryError('unavailable', message, { isUnknown: true, cause: error });
  }

  /** Writes what has come, until nothing comes any more. */
  async #settle(): Promise<void> {
    const { outbox, registry, clock } = this.#parts;
    try {
      while (this.#results.length > 0) {
        if (this.#calls.size > 0) await clock.sleep(GATHER_RESULTS_MS, this.#signal);
        const results = this.#results;
        this.#results = [];
        await outbox.settle(registry.name, results, this.#standing);
        for (const { entryId } of results) this.#underWay.delete(entryId);
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#settling = undefined;
    }
  }
}

/** The device registry has looked at the device, and will not take it. */
function isAnswer(fault: DeviceRegistryError | undefined): boolean {
  return fault === undefined || isOfDevice(fault.reason);
}

function mayBeDone(answer: Answer): boolean {
  return !(answer instanceof DeviceRegistryError) || answer.isUnknown;
}

function outcomeOf(
  { reason, message, isUnknown }: DeviceRegistryError,
  isOwn: boolean,
): NonNullable<OutboxResult['fault']> {
  return { reason, message, isUnknown, isOwn };
}

/** A time at which something happened is not ahead, unless the clock was set back. */
function isAhead(at: number, now: number): boolean {
  return at > now + 1_000;
}

function trial(calls: readonly Call[]): Call[] {
  const [first] = calls;
  return first === undefined ? [] : [{ act: first.act, entries: first.entries.slice(0, 1) }];
}

function unreadable({ device }: OutboxEntry): DeviceRegistryError {
  return new DeviceRegistryError('refused', `The certificate of ${device.serial} cannot be read.`);
}
