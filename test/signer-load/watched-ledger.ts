import { AsyncLocalStorage } from 'node:async_hooks';
import type { LedgerDatabase } from '../../pki/ledger/ledger-database.ts';
import { SqlLedger } from '../../pki/ledger/sql-ledger.ts';
import { StationRates } from '../../pki/ledger/station-rates.ts';
import type { KillPoints } from './kill-points.ts';

/**
 * The ledger and the stations' rates over this database, telling every durable effect of their own accord: each method that
 * writes is a point inside its transaction, when all is written and nothing committed, and one after the commit, before
 * anybody is told.
 */
export function watchedLedger(
  database: LedgerDatabase,
  points: KillPoints,
): { readonly ledger: SqlLedger; readonly rates: StationRates } {
  const methods = new AsyncLocalStorage<string>();
  const watchedDatabase = bindingProxy(database, {
    write: async (work) => {
      const method = methods.getStore() ?? 'unnamed';
      const result = await database.write(async (transaction) => {
        const value = await work(transaction);
        points.pass(`in ${method}`);
        return value;
      });
      points.pass(`after ${method}`);
      return result;
    },
  } satisfies Pick<LedgerDatabase, 'write'>);
  return {
    ledger: namingProxy(new SqlLedger(watchedDatabase), methods),
    rates: namingProxy(new StationRates(watchedDatabase), methods),
  };
}

/** The same object, with the name of the method that runs in `methods`. */
function namingProxy<T extends object>(object: T, methods: AsyncLocalStorage<string>): T {
  return new Proxy(object, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...values: unknown[]): unknown =>
        methods.run(String(name), () => Reflect.apply(member, target, values) as unknown);
    },
  });
}

/** The same object with some members replaced; the others run as the object's own, whatever is private to it. */
export function bindingProxy<T extends object>(object: T, replaced: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      if (name in replaced) return Reflect.get(replaced, name) as unknown;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
