import type { LogFn, Logger } from 'pino';

/** pino's number of `warn`; `error` and `fatal` are higher. */
const WARN = 40;

const HOUR_MS = 3_600_000;

/** The first ones of an hour are written: what happened, and that it happens again. */
const WRITTEN = 3;

/** Warnings that are remembered: of more than so many at once, each is written. */
const MOST = 10_000;

/** What makes two warnings with one text different ones, beside their error. */
const DISTINCT = [
  'station',
  'stationId',
  'socket',
  'batchId',
  'serial',
  'registry',
  'manifest',
  'code',
  'notice',
  'workflowId',
  'activityType',
  'taskQueue',
] as const;

type Fields = Readonly<Record<string, unknown>>;

interface Warning {
  readonly fields: Fields;
  readonly text: string;
  /** Writes past this book. */
  readonly write: (fields: Fields, text: string) => void;
  seen: number;
}

/**
 * Counts warnings and errors that repeat, instead of writing each: of those that are the same, the first three of an hour are
 * written, and at its end how many more there were. Information is never held back.
 */
export class RepeatedWarnings {
  #warnings = new Map<string, Warning>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** `periodMs`: an hour unless a test is in a hurry. */
  constructor(periodMs: number = HOUR_MS) {
    this.#timer = setInterval(() => this.sum(), periodMs);
    this.#timer.unref();
  }

  /** For the option `hooks` of pino. */
  get hooks(): { logMethod: (this: Logger, args: Parameters<LogFn>, method: LogFn, level: number) => void } {
    const isHeldBack = this.#isHeldBack.bind(this);
    return {
      logMethod(args, method, level) {
        if (level >= WARN && isHeldBack(this, args, method)) return;
        method.apply(this, args);
      },
    };
  }

  /** Writes how many more there were of each since the last time, and begins again. */
  sum(): void {
    const warnings = this.#warnings;
    this.#warnings = new Map();
    for (const { fields, text, write, seen } of warnings.values()) {
      const repeated = seen - WRITTEN;
      if (repeated > 0)
        write({ ...fields, repeated }, `${text} (… ${repeated.toLocaleString('en')} more in the last hour)`);
    }
  }

  /** Writes the sums a last time. */
  close(): void {
    clearInterval(this.#timer);
    this.sum();
  }

  #isHeldBack(logger: Logger, args: Parameters<LogFn>, method: LogFn): boolean {
    const parts = args as readonly unknown[];
    const given = (parts.find((part) => typeof part === 'object' && part !== null) ?? {}) as Fields;
    const text = parts.find((part) => typeof part === 'string') ?? '';
    const all: Fields = { ...logger.bindings(), ...given };
    const fields = Object.fromEntries(DISTINCT.flatMap((name) => (name in all ? [[name, all[name]]] : [])));
    const key = JSON.stringify([text, fields, errorIn(given)]);
    const known = this.#warnings.get(key);
    if (known !== undefined) {
      known.seen += 1;
      return known.seen > WRITTEN;
    }
    if (this.#warnings.size < MOST) {
      const write = (summed: Fields, says: string): void => method.call(logger, summed, says);
      this.#warnings.set(key, { fields, text, write, seen: 1 });
    }
    return false;
  }
}

/** The class of the error: its code, or its name. Its message may have a number in it that differs each time. */
function errorIn({ err, error, fault }: Fields): string {
  const found = err ?? error;
  if (found instanceof Error) {
    const { code, name } = found as Error & { readonly code?: unknown };
    return typeof code === 'string' ? code : name;
  }
  return typeof fault === 'string' ? fault : '';
}
