// A real server behind a listener that wants client certificates, which are replaced on disk while workers and clients work.
import { heartbeat, sleep } from '@temporalio/activity';
import { expect, it, onTestFinished } from 'vitest';
import { externalConfiguration } from '../../temporal/server/external-configuration.ts';
import { ServerConnections } from '../../temporal/server-connections.ts';
import { testServer } from '../support/temporal-server.ts';
import { until } from '../support/until.ts';
import { startMutualTlsRelay } from './mutual-tls-relay.ts';

const QUEUE = 'renewed';

it('workers and clients go on with credentials that were replaced, and what is under way is not lost', async () => {
  const { address, namespace } = await testServer();
  const relay = await startMutualTlsRelay(address, namespace);
  const options = () => externalConfiguration(relay.environment)!.connectionOptions;
  const connections = await ServerConnections.open({ connectionOptions: options(), namespace });
  const workers = await connections.openForWorkers();
  const step = { isHeld: true };
  let attempts = 0;
  const activities = {
    work: async (name: string): Promise<string> => {
      attempts += 1;
      while (step.isHeld) {
        heartbeat();
        await sleep(50);
      }
      return `${name} is done`;
    },
  };
  const worker = await workers.createWorker({
    namespace,
    taskQueue: QUEUE,
    workflowsPath: new URL('./one-step-workflow.ts', import.meta.url).pathname,
    activities,
  });
  const ended = worker.run();
  onTestFinished(async () => {
    worker.shutdown();
    await ended;
    await connections.close();
  });
  const start = async (name: string) =>
    await connections.client.workflow.start('oneStep', {
      workflowId: `renewed/${name}`,
      taskQueue: QUEUE,
      args: [name],
    });
  const under = await start('what was under way');
  await until('its step runs', () => attempts === 1);

  relay.present('b');
  await connections.renew(options());
  relay.expire('a');
  const begunAt = relay.seen.length;

  step.isHeld = false;
  expect(await under.result()).toBe('what was under way is done');
  expect(attempts).toBe(1);
  const next = await start('the next one');
  expect(await next.result()).toBe('the next one is done');
  expect(new Set(relay.seen.slice(begunAt))).not.toContain('a');
  expect(relay.seen).toContain('b');
});
