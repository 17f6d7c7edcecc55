import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseLineConfig } from '../../line/config.ts';
import { registryPath } from '../../line/state-folder.ts';
import type { OrderQuestion, OrderReply } from '../../provisioning/order-check.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import type { SqlRegistry } from '../../registry/record/sql-registry.ts';
import { startIntake } from '../../workers/intake.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const ROWS = 50_000;
const CHILD = fileURLToPath(new URL('./intake-child.ts', import.meta.url));

/** Serials that begin with `prefix`; `change` may spoil a row. */
function lot(order: string, prefix: string, rows: number, change = (row: string): string => row): string {
  const lines = Array.from({ length: rows }, (_row, at) =>
    change(`${order},${prefix}-${String(at).padStart(6, '0')},golioth-node`),
  );
  return `order,serial,product\n${lines.join('\n')}\n`;
}

/** A state folder with an inbox, in which intakes come and go. */
class Desk {
  readonly folder = temporaryFolder();
  readonly inbox = join(this.folder, 'inbox');
  readonly started: string[] = [];
  registry: SqlRegistry | undefined;

  /** A file that was complete before it came here. */
  drop(name: string, text: string): void {
    mkdirSync(this.inbox, { recursive: true });
    const hidden = join(this.folder, 'dropped');
    writeFileSync(hidden, text);
    utimesSync(hidden, 1_700_000_000, 1_700_000_000);
    renameSync(hidden, join(this.inbox, name));
  }

  async open(
    answer: (question: OrderQuestion) => OrderReply = () => ({ status: 'allowed', listed: false }),
  ): Promise<SqlRegistry> {
    const registry = openRegistryFile(registryPath(this.folder));
    const start = async (_type: string, { args }: { args: [{ batchId: string }] }): Promise<void> => {
      this.started.push(args[0].batchId);
    };
    const execute = async (_type: string, { args }: { args: [OrderQuestion] }): Promise<OrderReply> =>
      answer(args[0]);
    const products = [{ name: 'golioth-node', organization: 'test' }];
    const role = await startIntake({
      ...parseLineConfig({ inbox: this.inbox, products }, 'the test', this.folder),
      socketProducts: undefined,
      stateFolder: this.folder,
      registryPlace: { stateFolder: this.folder, config: {} },
      registry,
      client: { workflow: { start, execute } } as unknown as Client,
      log: pino({ enabled: false }),
    });
    onTestFinished(async () => {
      await role.stop();
      await registry.close();
    });
    return registry;
  }

  has(name: string): boolean {
    return existsSync(join(this.inbox, name));
  }

  /** Rows in the table of units, of batches or not yet; 0 before there is a registry. */
  stored(): number {
    try {
      return Number(this.query('SELECT count(*) AS n FROM units')[0]?.['n']);
    } catch {
      return 0;
    }
  }

  query(sql: string): Record<string, unknown>[] {
    const db = new DatabaseSync(registryPath(this.folder), { readOnly: true, timeout: 2_000 });
    try {
      return db.prepare(sql).all();
    } finally {
      db.close();
    }
  }
}

describe('a large manifest', { timeout: 120_000 }, () => {
  it('is taken in while smaller ones are answered, and the rest of the process goes on', async () => {
    const desk = new Desk();
    const registry = await desk.open();
    const pauses = monitorEventLoopDelay({ resolution: 10 });
    pauses.enable();
    desk.drop('large.csv', lot('PO-1', 'CL', ROWS));
    await until('it is being stored', () => desk.stored() > 0);
    desk.drop('one.csv', lot('PO-2', 'DL', 1));
    await until('the small one is accepted', () => desk.has('one.accepted.json'));
    expect(desk.has('large.accepted.json')).toBe(false);
    // What is being stored is nobody's yet.
    expect((await registry.listBatches()).map(({ order }) => order)).toEqual(['PO-2']);
    expect(await registry.unit('CL-000000')).toBeUndefined();
    expect(await registry.registeredSerials(['cl-000000'])).toEqual([]);
    await until('the large one is accepted', () => desk.has('large.accepted.json'), 60_000);
    pauses.disable();
    expect(pauses.max / 1e6).toBeLessThan(1_000);
    expect(desk.started).toHaveLength(2);
    const [large] = (await registry.listBatches()).filter(({ order }) => order === 'PO-1');
    expect(await registry.batchSummary(large!.batchId)).toMatchObject({ open: ROWS });
    expect((await registry.chunkRows(large!.batchId, 200, 250)).at(-1)?.serial).toBe('CL-049999');
  });

  it.each([
    ['its last row', (row: string) => row.replace('CL-009999', 'CL 009999'), 'MANIFEST_SERIAL_INVALID'],
    ['its order', (row: string) => row, 'MANIFEST_ORDER_QUANTITY'],
  ])('that is refused for %s leaves nothing behind', async (_what, change, code) => {
    const desk = new Desk();
    await desk.open(() => ({ status: 'refused', code: 'QUOTA_EXCEEDED', message: 'Nothing is left.' }));
    desk.drop('large.csv', lot('PO-1', 'CL', 10_000, change));
    await until('it is refused', () => desk.has('large.rejected.csv'), 60_000);
    expect(readFileSync(join(desk.inbox, 'large.rejected.csv'), 'utf8')).toContain(code);
    expect(desk.stored()).toBe(0);
    expect(desk.query('SELECT * FROM staged_batches')).toEqual([]);
    // The answer comes first.
    await until('the copy is removed', () => readdirSync(join(desk.folder, 'manifests')).length === 0);
  });

  it('that has units of an earlier one gives the others a batch', async () => {
    const desk = new Desk();
    const registry = await desk.open();
    desk.drop('first.csv', lot('PO-1', 'CL', 20_000));
    await until('the first is accepted', () => desk.has('first.accepted.json'), 60_000);
    desk.drop('more.csv', lot('PO-1', 'CL', 25_000));
    await until('more are accepted', () => desk.has('more.accepted.json'), 60_000);
    const batches = (await registry.listBatches()).map(({ quantity }) => quantity);
    expect(batches.toSorted((one, other) => one - other)).toEqual([5_000, 20_000]);
    const last = (await registry.listBatches()).find(({ quantity }) => quantity === 5_000)!;
    expect((await registry.chunkRows(last.batchId, 1, 1))[0]?.serial).toBe('CL-020000');
  });

  it('waits for its turn, so that two do not get what is left of one order', async () => {
    const desk = new Desk();
    const registry = await desk.open(({ open }) =>
      open.length === 0
        ? { status: 'allowed', listed: false }
        : { status: 'refused', code: 'QUOTA_EXCEEDED', message: 'Nothing is left.' },
    );
    desk.drop('large.csv', lot('PO-1', 'CL', 10_000));
    desk.drop('small.csv', lot('PO-1', 'DL', 1));
    const isAnswered = (stem: string): boolean =>
      desk.has(`${stem}.accepted.json`) || desk.has(`${stem}.rejected.csv`);
    await until('both are answered', () => isAnswered('large') && isAnswered('small'), 60_000);
    expect(await registry.listBatches()).toHaveLength(1);
  });
});

describe('an intake that is killed', { timeout: 120_000 }, () => {
  const rows = 20_000;
  const moments: readonly (readonly [string, (desk: Desk) => boolean])[] = [
    ['has copied the manifest', ({ folder }) => existsSync(join(folder, 'manifests'))],
    ['has stored its first rows', (desk) => desk.stored() > 0],
    ['has stored half of them', (desk) => desk.stored() > rows / 2],
    ['has stored all of them', (desk) => desk.stored() === rows],
    [
      'has made the batch and not started it',
      (desk) => desk.query('SELECT * FROM batches').length === 1 && desk.stored() === rows,
    ],
  ];

  it.each(moments)('when it %s ends in one whole batch', async (_moment, isThere) => {
    const desk = new Desk();
    const child = spawn(process.execPath, [CHILD, desk.folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    onTestFinished(() => void child.kill('SIGKILL'));
    await until('the intake runs', () => desk.has('.certline-inbox.json'), 60_000);
    desk.drop('large.csv', lot('PO-1', 'CL', rows));
    await until('the moment is there', () => isThere(desk), 60_000);
    child.kill('SIGKILL');
    await ended;
    const registry = await desk.open();
    await until('it is accepted', () => desk.has('large.accepted.json'), 60_000);
    const batches = await registry.listBatches();
    expect(batches).toMatchObject([{ quantity: rows, startedAt: expect.any(String) }]);
    expect(desk.stored()).toBe(rows);
    expect(await registry.batchSummary(batches[0]!.batchId)).toMatchObject({ open: rows });
    expect(desk.query('SELECT * FROM staged_batches')).toEqual([]);
    expect(new Set(desk.started).size).toBe(1);
  });
});
