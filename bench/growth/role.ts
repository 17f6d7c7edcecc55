// One role of a line in a process of its own: role, state folder and the folder's configuration file. Collects garbage and
// says what its heap has when its parent asks; ends with its parent.
import { readFileSync } from 'node:fs';
import { parseLineConfig } from '../../line/config.ts';
import { installTemporalRuntime, openLineLog } from '../../line/log.ts';
import { logPath } from '../../line/state-folder.ts';
import { Monitor } from '../../monitoring/monitor.ts';
import { openWorkerRole } from '../../workers/open-worker-role.ts';
import type { WorkerRole } from '../../workers/worker-roles.ts';

const [role, folder = '', config = ''] = process.argv.slice(2);
const log = openLineLog(logPath(folder), `bench-${role}`);
installTemporalRuntime(log);
const opened = await openWorkerRole(role as WorkerRole, {
  stateFolder: folder,
  config: parseLineConfig(JSON.parse(readFileSync(config, 'utf8')), config, folder),
  monitor: new Monitor(),
  log,
});

process.on('message', () => {
  globalThis.gc!();
  process.send!(process.memoryUsage());
});
process.once('disconnect', () => {
  opened.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
opened.ended.catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
process.send!('up');
