import { printLine } from '../terminal/stdout.ts';
import { printBeside, printFields, printTable } from '../terminal/table.ts';
import type { Column } from '../terminal/column.ts';
import { shownTime } from '../terminal/words.ts';
import type { LineStatus, Seen } from './line-status.ts';
import type { RoleStanding } from '../../temporal/role-standings.ts';

const NOT_WELL: ReadonlySet<string> = new Set(['silent', 'stopped', 'unseen', 'fail', 'hold', 'fault']);

const state: Column = {
  head: 'state',
  style: (text) => (NOT_WELL.has(text) ? ['red', 'bold'] : undefined),
};

const TO_DO: Column = { head: 'what to do', wraps: true };

/** Prints the status of a line for people: versions, roles, sockets, batches, orders, and last what somebody must do. */
export async function printStatus(status: LineStatus): Promise<void> {
  const { product, server, batches, orders, ledger, registry } = status;
  printFields([
    ['Product', product],
    ['Temporal', said(server, (one) => `${one.address}, namespace ${one.namespace}, server ${one.version}`)],
    ['Registry', said(registry, ({ name }) => name)],
    ['Ledger', said(ledger, ({ name }) => name)],
    [
      'Batches',
      said(
        batches,
        ({ open, from }) =>
          `${open.length} open, as ${from === 'temporal' ? 'Temporal' : 'the registry'} has it`,
      ),
    ],
    ['Orders', said(orders, ({ open }) => `${open.length} open`)],
  ]);
  if ('roles' in server) await table(['role', state, 'last seen', 'host'], server.roles.map(roleCells));
  await printSockets(status);
  await printBatches(status);
  await printOrders(status);
  printLine();
  if (status.needs.length === 0) printLine('Nothing needs a person.');
  for (const need of status.needs) printBeside('!', need, ' ');
}

function said<T extends object>(part: Seen<T>, words: (part: T) => string): string {
  if ('trouble' in part) return `in trouble: ${part.trouble}`;
  return 'elsewhere' in part ? part.elsewhere : words(part);
}

async function table(
  columns: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  if (rows.length === 0) return;
  printLine();
  await printTable(
    columns.map((column) => (typeof column === 'string' ? { head: column } : column)),
    rows,
  );
}

function roleCells({ role, state: stands, silentSeconds, host, pid }: RoleStanding): string[] {
  return [
    role,
    stands,
    silentSeconds === undefined ? '' : `${silentSeconds} s ago`,
    host === undefined ? '' : `${host}, pid ${pid}`,
  ];
}

async function printSockets({ stations }: LineStatus): Promise<void> {
  const rows = stations.flatMap(({ station, sockets, isStale, updatedAt }) =>
    sockets.map((tile) => [
      `${station}/${tile.socket}`,
      tile.state,
      tile.serial ?? '',
      isStale ? `as it was ${shownTime(updatedAt)}: the station does not answer` : tile.instruction,
    ]),
  );
  await table(['socket', state, 'serial', TO_DO], rows);
}

async function printBatches({ batches }: LineStatus): Promise<void> {
  if (!('open' in batches)) return;
  const counts = ['passed', 'failed', 'errors', 'held', 'attention', 'open'] as const;
  const heads = ['units', 'passed', 'failed', 'errors', 'held', 'waiting', 'open'];
  const rows = batches.open.map((batch) => [
    batch.batchId,
    ...[batch.quantity, ...counts.map((count) => batch[count])].map((count) =>
      count === undefined ? '?' : String(count),
    ),
  ]);
  await table(['batch', ...heads.map((head) => ({ head, align: 'right' as const }))], rows);
}

async function printOrders({ orders }: LineStatus): Promise<void> {
  if (!('open' in orders)) return;
  const right = (head: string): Column => ({ head, align: 'right' });
  await table(
    ['order', right('units'), right('left'), right('reissues left'), 'closes', TO_DO],
    orders.open.map((order) => [
      order.order,
      String(order.quantity),
      String(order.left),
      String(order.reissuesLeft),
      shownTime(order.closes),
      order.trouble ?? '',
    ]),
  );
}
