import { together } from './transaction.ts';
import type { SqlTransaction } from './transaction.ts';

/** Writes that share a commit; more would only make the first of them wait. */
const MAX_GROUP = 64;

/**
 * Turns of the event loop, of some µs each, that a group waits for more; measured best of 1, 2, 4 and 8 for 16 at once.
 */
const GATHERING_TURNS = 4;

/** A transaction of several writes, each in a savepoint of its own. */
export interface GroupTransaction {
  readonly statements: SqlTransaction;
  /** Runs a statement without values: BEGIN, SAVEPOINT, COMMIT and the like. */
  control(sql: string): Promise<void>;
  /** False once an error has ended the whole transaction, or its connection. */
  isOpen(): boolean;
}

/** Work in the queue, and how its caller learns the outcome. */
interface Queued {
  readonly run: (statements: SqlTransaction) => Promise<void>;
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Runs work one after the other, and commits together what came at once: a disk syncs a few hundred times a second. No
 * caller learns the outcome before it is on disk. `transact` opens a transaction, hands it to its argument, commits,
 * and throws where any of that failed; then all of the group fail. `translate` puts errors into the caller's terms.
 */
export class CommitQueue {
  readonly #transact: (work: (group: GroupTransaction) => Promise<void>) => Promise<void>;
  readonly #translate: (error: unknown) => unknown;
  #queue: Queued[] = [];
  #draining: Promise<void> | undefined;
  #wait: () => Promise<void> | undefined = () => undefined;

  constructor(
    transact: (work: (group: GroupTransaction) => Promise<void>) => Promise<void>,
    translate: (error: unknown) => unknown,
  ) {
    this.#transact = transact;
    this.#translate = translate;
  }

  enqueue<T>(work: (statements: SqlTransaction) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let result: T;
    const run = async (statements: SqlTransaction): Promise<void> => {
      result = await work(statements);
    };
    this.#queue.push({ run, settle: () => resolve(result), fail: reject });
    this.#draining ??= this.#drain();
    return promise;
  }

  /** No group begins while the promise that `wait` returns is pending; what it rejects with does not matter. */
  waitBetweenGroups(wait: () => Promise<void> | undefined): void {
    this.#wait = wait;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#wait()?.catch(() => undefined);
      // Whatever else gets ready meanwhile, on Node's pool too, joins the group.
      for (let turn = 0; turn < GATHERING_TURNS; turn += 1)
        await new Promise((resolve) => setImmediate(resolve));
      await this.#commit(this.#queue.splice(0, MAX_GROUP));
    }
    this.#draining = undefined;
  }

  async #commit(group: readonly Queued[]): Promise<void> {
    const outcomes: (() => void)[] = [];
    try {
      await this.#transact(async (transaction) => {
        for (const [at, queued] of group.entries())
          outcomes.push(await this.#runOne(queued, transaction, at === 0));
      });
    } catch (error) {
      const translated = this.#translate(error);
      for (const { fail } of group) fail(translated);
      return;
    }
    for (const settle of outcomes) settle();
  }

  /**
   * An error undoes its own savepoint only, unless it ended the transaction. The savepoint stays, and goes with the next one or the
   * commit, so that nobody waits for that.
   */
  async #runOne(
    { run, settle, fail }: Queued,
    transaction: GroupTransaction,
    isFirst: boolean,
  ): Promise<() => void> {
    try {
      const before = isFirst ? [] : [transaction.control('RELEASE SAVEPOINT one')];
      await together(...before, transaction.control('SAVEPOINT one'), run(transaction.statements));
      return settle;
    } catch (error) {
      if (!transaction.isOpen()) throw error;
      await transaction.control('ROLLBACK TO SAVEPOINT one');
      return () => fail(this.#translate(error));
    }
  }
}
