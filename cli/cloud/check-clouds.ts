import { checkDeviceRegistries } from '../../line/check-device-registries.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { keptAccounts } from '../registry/kept-accounts.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';

/** `certline cloud check`: a row for each permission of each device registry. */
export async function checkClouds(
  invocation: Invocation,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const { stateFolder, config } = invocation;
  const accounts = await keptAccounts(invocation);
  const checked = await checkDeviceRegistries(stateFolder, config.registries, accounts);
  if (checked.some(({ fault }) => fault !== undefined)) process.exitCode = EXIT_STATUS.configuration.status;
  if (json === true) return printJson(checked);
  if (checked.length === 0) return printLine('The configuration names no registries.');
  await printTable(
    [{ head: 'registry' }, { head: 'permission' }, { head: 'result', wraps: true }],
    checked.map(({ registry, permission, fault, note }) => [registry, permission, fault ?? note ?? 'ok']),
  );
}
