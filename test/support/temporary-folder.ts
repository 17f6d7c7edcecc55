import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished, TestRunner } from 'vitest';

/** A folder of this test alone; where no test runs yet, one of the test file. It is removed with what it belongs to. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'certline-test-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  if (TestRunner.getCurrentTest() === undefined) afterAll(remove);
  else onTestFinished(remove);
  return folder;
}

/** A file with these contents in a folder of this test alone. */
export function temporaryFile(contents: string | Uint8Array, name = 'lot.csv'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, contents);
  return path;
}
