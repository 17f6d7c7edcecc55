import { AsyncLocalStorage } from 'node:async_hooks';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { Ledger } from '../../pki/ledger/ledger.ts';
import type { KillPoints } from './kill-points.ts';

/**
 * The ledger and the stations' rates over this database, telling every durable effect of their own accord: each method that
 * writes is a point inside its transaction, when all is written and nothing committed, and one after the commit, before
 * anybody is told.
 */
export function watchedLedger(database: SqlDatabase, points: KillPoints): Ledger {
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
  } satisfies Pick<SqlDatabase, 'write'>);
  const ledger = new Ledger(watchedDatabase);
  const named = <T extends object>(object: T): T => namingProxy(object, methods);
  return bindingProxy(ledger, {
    auditLog: named(ledger.auditLog),
    orders: named(ledger.orders),
    issuances: named(ledger.issuances),
    stations: bindingProxy(named(ledger.stations), { rates: named(ledger.stations.rates) }),
    withdrawals: named(ledger.withdrawals),
  });
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
