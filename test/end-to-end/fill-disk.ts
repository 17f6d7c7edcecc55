import { closeSync, openSync, writeSync } from 'node:fs';
import { expect } from 'vitest';

/** Writes a file until the disk that it is on has no room; when it is removed, there is room again. */
export function fillDisk(ballast: string): void {
  const file = openSync(ballast, 'w');
  try {
    for (const block = Buffer.alloc(4_096); ;) writeSync(file, block);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
}
