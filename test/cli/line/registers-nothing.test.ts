import { Connection } from '@temporalio/client';
import { expect, it } from 'vitest';
import { EXIT_STATUS } from '../../../provisioning/exit-status.ts';
import { newPlace } from '../../support/certline.ts';
import { testServer } from '../../support/temporal-server.ts';

it('what looks, and a role that is not the orchestrator, registers no search attributes and says what is missing', async () => {
  const { address, namespace } = await testServer({ ProvBatch: 'Keyword', Other: 'Keyword' });
  const place = newPlace({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
  expect(await place.certline('ca', 'init', '--development')).toMatchObject({ status: 0 });
  const says = /7 of type Keyword are needed; with visibility in SQL 8 of 10 are free/;
  for (const command of ['doctor', 'line status', 'unit list --waiting']) {
    const { stdout } = await place.certline(...command.split(' '), '--json');
    expect(stdout).toMatch(says);
  }
  const signer = await place.certline('worker', 'signer');
  expect(signer.status).toBe(EXIT_STATUS.server.status);
  expect(signer.stderr.replaceAll(/\s+/g, ' ')).toMatch(says);
  const connection = await Connection.connect({ address });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  await connection.close();
  expect(Object.keys({ ...customAttributes }).toSorted()).toEqual(['Other', 'ProvBatch']);
});
