// Loaded into a role before it starts: at SIGUSR2 it collects garbage and writes what is alive into a file named after the process.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { runInNewContext } from 'node:vm';

const folder = process.env['HEAP_FOLDER'];
if (folder !== undefined && isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    collect();
    const path = join(folder, String(process.pid));
    writeFileSync(`${path}.part`, String(process.memoryUsage().heapUsed));
    renameSync(`${path}.part`, path);
  });
}
