import { checkDeviceRegistries } from '../../line/check-device-registries.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';

/** `certline cloud check`: a row for each permission of each device registry. */
export async function checkClouds(
  { stateFolder, config }: Invocation,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const checked = await checkDeviceRegistries(stateFolder, config.registries);
  if (checked.some(({ fault }) => fault !== undefined)) process.exitCode = EXIT_STATUS.configuration.status;
  if (json === true) return printJson(checked);
  if (checked.length === 0) return printLine('The configuration names no registries.');
  await printTable(
    [{ head: 'registry' }, { head: 'permission' }, { head: 'result', wraps: true }],
    checked.map(({ registry, permission, fault, note }) => [registry, permission, fault ?? note ?? 'ok']),
  );
}
