import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordPlaces } from './load-places.ts';
import { judgeRecords } from './record-violations.ts';
import { runLoad } from './run-load.ts';
import type { LoadOptions } from './run-load.ts';

/**
 * Runs a load in a folder of its own (kept with `CERTLINE_KEEP`), prints what it came to, and returns what was wrong with
 * the signer's answers, with what it left on disk, or with the load itself; nothing, if all is well.
 */
export async function loadFaults(options: Omit<LoadOptions, 'folder'>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'certline-load-'));
  try {
    const { surprises, notKilled, ...asked } = await runLoad({ ...options, folder });
    const { violations, ...found } = judgeRecords(recordPlaces(folder));
    process.stdout.write(`seed ${options.seed}: ${JSON.stringify({ asked, found })}\n`);
    const figures: readonly (readonly [boolean, string])[] = [
      [asked.requests >= options.requests, 'the load was too small'],
      [found.registered === asked.passed, 'other certificates are registered than passed'],
      [found.recalled === asked.recalled, 'others were recalled than the person meant'],
      // What was refused, and refused again after a kill, is there twice.
      [found.refusals >= asked.refusals, 'a refusal is not in the audit'],
    ];
    return [
      ...surprises,
      ...notKilled.map((point) => `${point} was not killed often enough`),
      ...violations,
      ...figures.filter(([holds]) => !holds).map(([, what]) => what),
    ];
  } finally {
    if (process.env['CERTLINE_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  }
}
