import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { findKeyMaterial } from '../../pki/keys/key-material-scan.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
// For its quiet runtime.
import './rig.ts';
import { tampered } from './tampered-history.ts';

/**
 * Histories of a real lot of four units, one of which met a bad board and was tried again, as `temporal workflow show
 * --output json` gives them. Workflows that are under way at an update go on only if these replay. A change that breaks
 * one on purpose needs new histories, and a word about the batches that are open.
 */
const folder = join(import.meta.dirname, 'histories');
const names = readdirSync(folder);

function historyIn(name: string) {
  return historyFromJSON(JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

/** A workflow knows its own id, which the replayer takes from its caller. */
async function replay(history: History): Promise<void> {
  const id = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId;
  await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, id!);
}

describe('a workflow that was begun by an earlier version', () => {
  it.each(names)('goes on: %s', async (name) => {
    await expect(replay(historyIn(name))).resolves.toBeUndefined();
  });

  it('is found out when it would go another way', async () => {
    const history = tampered(historyIn('unit-passed.json'), 'flashCredentials');
    await expect(replay(history)).rejects.toBeInstanceOf(DeterminismViolationError);
  });
});

describe('the histories that are kept', () => {
  it.each(names)('hold no key and no place: %s', (name) => {
    const content = readFileSync(join(folder, name));
    expect(findKeyMaterial(content)).toBeUndefined();
    const payloads = [...content.toString().matchAll(/"data": "([^"]*)"/g)].map(([, data]) => data ?? '');
    for (const data of payloads) {
      const decoded = Buffer.from(data, 'base64');
      expect(findKeyMaterial(decoded)).toBeUndefined();
      expect(decoded.toString('latin1')).not.toMatch(/\/home|\/tmp|\/work|\/root/);
    }
    expect(payloads.length).toBeGreaterThan(0);
  });
});
