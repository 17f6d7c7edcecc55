import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of this test alone, gone when the test is finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'certline-manifests-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with these contents in a folder of this test alone. */
export function temporaryFile(contents: string | Uint8Array, name = 'lot.csv'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, contents);
  return path;
}
