import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
