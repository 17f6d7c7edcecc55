// The SDK gives a server that refuses its questions for work a minute. A namespace that is deleted is one way to be refused.
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import { WorkerConnection } from '../../temporal/worker-connection.ts';
import { runWorker } from '../../workers/role.ts';
import { newPlace } from '../support/certline.ts';
import { deleteNamespace, testServer } from '../support/temporal-server.ts';
import { until } from '../support/until.ts';

it.concurrent('a worker whose questions are refused ends by itself, and can be stopped', async () => {
  const { address, namespace } = await testServer();
  const connection = await WorkerConnection.open({ address });
  const activities = { work: async () => undefined };
  const role = runWorker(await connection.createWorker({ namespace, taskQueue: 'refused', activities }));
  await deleteNamespace(address, namespace);
  await expect(role.ended).rejects.toMatchObject({ code: 'TEMPORAL_LOST' });
  await role.stop();
  await connection.close();
});

it.concurrent('a role that cannot work ends with its own status within a minute', async () => {
  const { address, namespace } = await testServer(SEARCH_ATTRIBUTES);
  const place = newPlace({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
  expect(await place.certline('ca', 'init', '--development')).toMatchObject({ status: 0 });
  const signer = place.start(['worker', 'signer'], ['ignore', 'pipe', 'pipe']);
  onTestFinished(() => void signer.kill('SIGKILL'));
  const ended = once(signer, 'exit');
  let says = '';
  for (const out of [signer.stdout, signer.stderr])
    out?.setEncoding('utf8').on('data', (text: string) => (says += text));
  await until('it works', () => says.includes('signer up'));
  const deletedAt = performance.now();
  await deleteNamespace(address, namespace);
  expect(await ended).toEqual([EXIT_STATUS.server.status, null]);
  expect(performance.now() - deletedAt).toBeLessThan(65_000);
  expect(says).toContain(`has not let this process work in namespace ${namespace}`);
});
