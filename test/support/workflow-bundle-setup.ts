import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { bundleWorkflows } from '../../workers/workflow-bundle.ts';
import { offerOnce } from './once-a-run.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A Unix socket that answers with the path of the workflow bundle, made for the first that asks. */
    workflowBundleSocket: string;
  }
}

/** vitest's global set-up: one bundle of the workflows for all test files of a run. */
export default function setup(project: TestProject): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'certline-test-bundle-'));
  const socket = join(directory, 'ask');
  const stop = offerOnce(socket, async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
    const { code } = await bundleWorkflows();
    const path = join(directory, 'workflows.js');
    writeFileSync(path, code);
    return path;
  });
  project.provide('workflowBundleSocket', socket);
  return () => {
    stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
