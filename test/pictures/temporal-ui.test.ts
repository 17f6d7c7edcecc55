import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import { batchWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import { openTemporalServer } from '../../temporal/server/open-temporal-server.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { manifest, startLineRig } from '../end-to-end/line-rig.ts';
import type { LineRig } from '../end-to-end/line-rig.ts';
import { until } from '../support/until.ts';
import { openBrowser, openPage, takePicture, textOf, visit } from './ui-browser.ts';

/*
 * Makes the pictures of docs/operations.md again, in a real Chromium: `npm run pictures`. `CERTLINE_TEMPORAL_FOLDER` names a
 * folder with another `temporal` program, as of an older UI; its pictures go to the folder for temporary files.
 */
const OTHER = process.env['CERTLINE_TEMPORAL_FOLDER'];
const FOLDER =
  OTHER === undefined ? join(import.meta.dirname, '../../docs/pictures') : join(OTHER, 'pictures');
const UNITS = 12;
const FORGETFUL = { kind: 'forget-writes', path: '/lfs1/credentials/crt.der' } as const;

let rig: LineRig;
let server: TemporalServer;
let browser: Browser;
let page: Page;
let batch: BatchRecord;

/** Twelve units, two of which wait because of their boards, and a board that is silent. */
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  const PATH = [OTHER, process.env['PATH']].filter(Boolean).join(delimiter);
  rig = await startLineRig({
    operator: { replaceFailed: true },
    faults: [
      { nth: 3, fault: FORGETFUL },
      { nth: 6, fault: FORGETFUL },
      { station: 'st-2', socket: '4', nth: 1, fault: { kind: 'silent' } },
    ],
    openServer: async (folder) => {
      server = await openTemporalServer({
        directory: join(folder, 'temporal'),
        searchAttributes: SEARCH_ATTRIBUTES,
        environment: { ...process.env, PATH },
        report: () => undefined,
      });
      return server;
    },
  });
  rig.drop('lot-0007.csv', manifest(UNITS, 'PO-1001'));
  batch = await rig.batchOf('lot-0007.csv');
  const isReady = ({ passed, attention, trouble = [] }: BatchProgress): boolean =>
    attention.length === 2 && passed === UNITS - 2 && trouble.length > 0;
  await until(
    'two units wait, and a socket is silent',
    async () => isReady(await rig.progress(batch)),
    180_000,
  );
  browser = await openBrowser();
  page = await openPage(browser);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await rig?.end();
  await server?.stop();
});

/** The tab with the current details, of the last run. */
async function detailsOf(workflowId: string): Promise<string> {
  const { runId } = await rig.line.client.workflow.getHandle(workflowId).describe();
  const { namespace, uiUrl } = server;
  return `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/user-metadata`;
}

const picture = (name: string): Promise<void> => takePicture(page, join(FOLDER, `${name}.jpg`));

describe('the Temporal UI in a browser', { timeout: 180_000 }, () => {
  it('shows on the page of a batch what waits and what is wrong with the line', async () => {
    await visit(page, await detailsOf(batchWorkflowId(batch.batchId)), 'waiting for a decision');
    const text = await textOf(page);
    expect(text).toContain('`READ_BACK_DIFFERS`: 2 units');
    expect(text).toContain('`SOCKET_SILENT`: station st-2, socket 4');
    await picture('batch');
  });

  it('leads from there to the list of what waits, and to a unit', async () => {
    const details = await textOf(page);
    const hrefOf = (label: string): string =>
      server.uiUrl! + new RegExp(`\\[${label}\\]\\(([^)]*)\\)`).exec(details)![1]!;
    await visit(page, hrefOf('waiting'), 'unit/');
    expect((await textOf(page)).match(/unit\/CL-\d+/g)).toHaveLength(2);
    await picture('waiting');
    const { serial } = (await rig.progress(batch)).attention[0]!;
    await visit(page, hrefOf(serial), unitWorkflowId(serial));
  });

  it('shows on the page of a unit what happened and what to do', async () => {
    const { serial } = (await rig.progress(batch)).attention[0]!;
    await visit(page, await detailsOf(unitWorkflowId(serial)), 'waits for a decision');
    const text = await textOf(page);
    expect(text).toMatch(/reads back as 0 other octets instead of the \d+/);
    expect(text).toContain('What to do');
    await picture('unit');
  });

  it('finds the batch by the trouble of its line', async () => {
    const query = encodeURIComponent('ProvStatus="LINE_TROUBLE" AND ExecutionStatus="Running"');
    const { namespace, uiUrl } = server;
    await visit(page, `${uiUrl}/namespaces/${namespace}/workflows?query=${query}`, batch.batchId);
    expect(await textOf(page)).toMatch(/\b1\s+Workflow\b/);
  });
});
