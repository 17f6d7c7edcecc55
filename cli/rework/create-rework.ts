import type { ReworkKind } from '../../provisioning/rework.ts';
import { readSerials } from './serial-file.ts';
import { startRework } from './start-rework.ts';

/** `certline rework create`. Throws `usage`, `unknown`, `refused` with what stands against it, `lineNotRunning`. */
export async function createRework(
  stateFolder: string,
  options: { serials: string; kind: ReworkKind; reason: string; by?: string; order?: string; json?: boolean },
): Promise<void> {
  const { serials, ...rest } = options;
  await startRework(stateFolder, { ...rest, serials: readSerials(serials) });
}
