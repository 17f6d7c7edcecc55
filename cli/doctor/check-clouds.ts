import { checkDeviceRegistries } from '../../line/check-device-registries.ts';
import type { LineConfig } from '../../line/config.ts';
import type { RegistryPlace } from '../../line/registry.ts';
import { keptAccounts } from '../registry/kept-accounts.ts';
import { fail, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** Each device registry allows what can be tried without a change; a finding for each cause of what it does not. */
export async function checkClouds(
  place: RegistryPlace & { readonly config: Pick<LineConfig, 'registries'> },
): Promise<Finding[]> {
  const { registries } = place.config;
  // What is wrong with the registry is said already.
  const accounts = await keptAccounts(place).catch(() => new Map<string, string>());
  const checked = await checkDeviceRegistries(place.stateFolder, registries, accounts);
  const faulty = checked.flatMap(({ registry, permission, fault }) =>
    fault === undefined ? [] : [{ registry, permission, fault }],
  );
  // One cause, such as a missing file, prevents many permissions.
  const causes = Map.groupBy(faulty, ({ registry, fault }) => JSON.stringify([registry, fault]));
  const faults = [...causes.values()].map((alike) => {
    const { registry, fault } = alike[0]!;
    const permissions = alike.map(({ permission }) => permission).join(', ');
    return fail(`registry ${registry}`, 'configuration', `${permissions}: ${fault}`);
  });
  const failed = new Set(checked.filter(({ fault }) => fault !== undefined).map(({ registry }) => registry));
  const well = registries.filter(({ name }) => !failed.has(name));
  return [
    ...faults,
    ...well.map(({ name, kind }) => {
      const notes = checked.flatMap(({ registry, permission, note }) =>
        registry === name && note !== undefined ? [`${permission}: ${note}`] : [],
      );
      return ok(`registry ${name}`, [`${kind}, allows what was tried`, ...notes].join('; '));
    }),
  ];
}
