import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** A fresh folder that goes with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'certline-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes an executable shell script, for the part that a real program plays. */
export function writeScript(folder: string, name: string, body: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A `temporal` that knows its version and nothing else. */
export const FAKE_TEMPORAL = 'echo "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"';

/** An environment with nothing on PATH but the system's own tools, and with its own home. */
export function bareEnvironment(home: string, ...pathFolders: string[]): NodeJS.ProcessEnv {
  return { PATH: [...pathFolders, '/usr/bin', '/bin'].join(':'), HOME: home };
}

/** Waits until the condition holds; fails the test when it does not within 20 s. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`never came true: ${condition.toString()}`);
    await delay(20);
  }
}
