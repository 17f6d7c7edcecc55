import { existsSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkInboxOwner } from '../../cli/doctor/check-inbox.ts';
import { parseLineConfig } from '../../line/config.ts';
import type { OrderQuestion, OrderReply } from '../../provisioning/order-check.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import type { SqlRegistry } from '../../registry/record/sql-registry.ts';
import type { InboxEvent } from '../../manifests/intake/inbox.ts';
import { startIntake } from '../../workers/intake.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** The part of a Temporal client that intake uses: workflows start, and the signer answers after a moment. */
function clientOf(answer: (question: OrderQuestion) => OrderReply): Client {
  const start = async (): Promise<void> => undefined;
  const execute = async (_type: string, { args }: { args: [OrderQuestion] }): Promise<OrderReply> => {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    return answer(args[0]);
  };
  return { workflow: { start, execute } } as unknown as Client;
}

async function openIntake(
  manufacturers: readonly string[],
  answer: (question: OrderQuestion) => OrderReply,
): Promise<{
  folder: string;
  inbox: string;
  registry: SqlRegistry;
  drop: (name: string, text: string) => void;
  events: InboxEvent[];
}> {
  const folder = temporaryFolder();
  const inbox = join(folder, 'inbox');
  const registry = openRegistryFile(join(folder, 'registry.db'));
  const products = [{ name: 'golioth-node', organization: 'test' }];
  const config = parseLineConfig({ inbox, products, manufacturers }, 'the test', folder);
  const events: InboxEvent[] = [];
  const role = await startIntake({
    ...config,
    socketProducts: undefined,
    stateFolder: folder,
    registryPlace: { stateFolder: folder, config: {} },
    registry,
    client: clientOf(answer),
    log: pino({ enabled: false }),
    onEvent: (event) => events.push(event),
  });
  onTestFinished(async () => {
    await role.stop();
    await registry.close();
  });
  const drop = (name: string, text: string): void => {
    const hidden = join(folder, 'dropped');
    writeFileSync(hidden, text);
    utimesSync(hidden, 1_700_000_000, 1_700_000_000);
    renameSync(hidden, join(inbox, name));
  };
  return { folder, inbox, registry, drop, events };
}

const lot = (order: string, serial: string): string =>
  `order,serial,product\n${order},${serial},golioth-node\n`;

describe('the intake of a factory line', () => {
  it('has a folder for each manufacturer, and names their manifests with it', async () => {
    const { inbox, registry, drop } = await openIntake(['acme', 'bolt'], () => ({
      status: 'allowed',
      listed: false,
    }));
    drop(join('acme', 'lot7.csv'), lot('PO-1', 'CL-1'));
    drop(join('bolt', 'lot7.csv'), lot('PO-2', 'CL-2'));
    const answers = ['acme', 'bolt'].map((name) => join(inbox, name, 'lot7.accepted.json'));
    await until('both are accepted', () => answers.every((path) => existsSync(path)));
    const names = (await registry.listBatches()).map(({ manifest }) => manifest);
    expect(names.toSorted()).toEqual([join('acme', 'lot7.csv'), join('bolt', 'lot7.csv')]);
  });

  it('reports a manifest with its folder, and says where the result of one of another folder is', async () => {
    const { inbox, drop, events } = await openIntake(['acme', 'bolt'], () => ({
      status: 'allowed',
      listed: false,
    }));
    const answer = (name: string): string => join(inbox, `${name}.accepted.json`);
    for (const [at, name] of ['bolt/first', 'bolt/again', 'acme/lot7', 'root'].entries()) {
      drop(`${name}.csv`, lot('PO-1', 'CL-1'));
      await until(`${name} is reported`, () => existsSync(answer(name)) && events.length > at);
    }
    const results = ['bolt/first', 'bolt/again', 'acme/lot7', 'root'].map(
      (name) => (JSON.parse(readFileSync(answer(name), 'utf8')) as { result: string }).result,
    );
    expect(results).toEqual([
      'first.result.csv',
      'first.result.csv',
      join('bolt', 'first.result.csv'),
      join('bolt', 'first.result.csv'),
    ]);
    expect(events.map(({ name }) => name)).toEqual([
      'bolt/first.csv',
      'bolt/again.csv',
      'acme/lot7.csv',
      'root.csv',
    ]);
  });

  it('asks for one manifest at a time, with what the others have taken', async () => {
    const { inbox, registry, drop } = await openIntake(['acme', 'bolt'], ({ open }) =>
      open.length === 0
        ? { status: 'allowed', listed: false }
        : { status: 'refused', code: 'QUOTA_EXCEEDED', message: 'Nothing is left.' },
    );
    drop(join('acme', 'a.csv'), lot('PO-1', 'CL-1'));
    drop(join('bolt', 'b.csv'), lot('PO-1', 'CL-2'));
    const answers = [join(inbox, 'acme', 'a'), join(inbox, 'bolt', 'b')];
    await until('both are answered', () =>
      answers.every((stem) => existsSync(`${stem}.accepted.json`) || existsSync(`${stem}.rejected.csv`)),
    );
    expect(await registry.listBatches()).toHaveLength(1);
    const refused = answers.map((stem) => `${stem}.rejected.csv`).filter((path) => existsSync(path));
    expect(refused).toHaveLength(1);
    expect(readFileSync(refused[0]!, 'utf8')).toContain('MANIFEST_ORDER_QUANTITY');
  });

  it('marks its folder, which doctor reads', async () => {
    const { folder, inbox } = await openIntake([], () => ({ status: 'allowed', listed: false }));
    expect(await checkInboxOwner(inbox, folder)).toMatchObject({ verdict: 'ok' });
    expect(await checkInboxOwner(inbox, '/another/line')).toMatchObject({
      verdict: 'warn',
      says: expect.stringContaining(folder),
    });
    mkdirSync(join(folder, 'empty'));
    expect(await checkInboxOwner(join(folder, 'empty'), folder)).toBeUndefined();
  });
});
