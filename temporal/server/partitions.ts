import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeWholeSync } from '../../disk/write-whole.ts';

/** Marks a database whose task queues never had more than one partition. */
const MARK = 'one-partition';

/**
 * Settings of the server that give each task queue one partition instead of four (matching.numTaskqueueReadPartitions and
 * …WritePartitions of Temporal's dynamic configuration). One process serves all of them, so four only cost: the server took 94 ms
 * of CPU for a unit, and takes 65. A database that was begun with four keeps them, because nobody would read what waits in the
 * others.
 */
export function partitionSettings(directory: string, databasePath: string): string[] {
  const mark = join(directory, MARK);
  if (!existsSync(databasePath)) writeWholeSync(mark, 0o644, '');
  if (!existsSync(mark)) return [];
  return ['matching.numTaskqueueReadPartitions=1', 'matching.numTaskqueueWritePartitions=1'];
}
