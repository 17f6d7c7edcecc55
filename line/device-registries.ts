import { basename } from 'node:path';
import { isThere } from '../disk/is-there.ts';
import { readCaChain } from '../pki/ca/read-chain.ts';
import { AzureDpsRegistry } from '../registry/azure-dps/azure-dps-registry.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { FileRegistry } from '../registry/file/file-registry.ts';
import { GoliothRegistry } from '../registry/golioth/golioth-registry.ts';
import { NrfCloudRegistry } from '../registry/nrf-cloud/nrf-cloud-registry.ts';
import type { ConfiguredRegistry } from '../registry/outbox/configured-registry.ts';
import { WebhookRegistry } from '../registry/webhook/webhook-registry.ts';
import type { DeviceRegistryConfig } from './device-registry-config.ts';
import { ConfigError } from './config-error.ts';
import { caFolder, credentialPath, lastNotePath } from './state-folder.ts';
import { openIntakeKey } from './trusted-keys.ts';

/** The device registries of the configuration, in its order. Nothing is asked of them yet. */
export async function openDeviceRegistries(
  stateFolder: string,
  registries: readonly DeviceRegistryConfig[],
): Promise<ConfiguredRegistry[]> {
  return await Promise.all(
    registries.map(async (config) => {
      const registry = await openDeviceRegistry(stateFolder, config);
      return { registry, devicesPerSecond: config.devicesPerSecond ?? registry.pace.devicesPerSecond };
    }),
  );
}

/** One of them. A credential that systemd gives to the service comes before the file. */
export async function openDeviceRegistry(
  stateFolder: string,
  config: DeviceRegistryConfig,
): Promise<DeviceRegistry> {
  switch (config.kind) {
    case 'aws-iot': {
      const { registeredCa, ...options } = config;
      // The SDK of AWS takes 0.3 s of CPU to load: only a line that needs it pays for that.
      const { AwsIotRegistry } = await import('../registry/aws-iot/aws-iot-registry.ts');
      return new AwsIotRegistry({
        ...options,
        secretFile: secretPath(config.secretFile),
        ...(registeredCa && { registeredCa: mustHaveIssuingCa(stateFolder, config.name) }),
      });
    }
    case 'azure-dps':
      return new AzureDpsRegistry({ ...config, secretFile: secretPath(config.secretFile) });
    case 'golioth': {
      const issuingCa = issuingCaIn(stateFolder);
      const options = { ...config, secretFile: secretPath(config.secretFile) };
      return new GoliothRegistry({ ...options, ...(issuingCa && { issuingCa }) });
    }
    case 'file':
      return new FileRegistry({
        ...config,
        lastNote: lastNotePath(stateFolder, config.name),
        key: () => openIntakeKey(stateFolder),
      });
    case 'nrf-cloud':
      return new NrfCloudRegistry({ ...config, secretFile: secretPath(config.secretFile) });
    case 'webhook':
      return new WebhookRegistry({ ...config, secretFile: secretPath(config.secretFile) });
  }
}

/** The certificate of the CA that signs devices, DER; undefined on a host without it. */
function issuingCaIn(stateFolder: string): Uint8Array | undefined {
  const folder = caFolder(stateFolder);
  return isThere(folder) ? readCaChain(folder)[0] : undefined;
}

function mustHaveIssuingCa(stateFolder: string, name: string): Uint8Array {
  const ca = issuingCaIn(stateFolder);
  if (ca !== undefined) return ca;
  const message = `The registry ${name} registers certificates with their CA, and there is none in ${caFolder(stateFolder)}: copy the public files of the CA there.`;
  throw new ConfigError('CONFIG_INVALID', message);
}

/** Of a file whose name is that of a credential of systemd's, the credential. */
export function secretPath(path: string): string {
  return credentialPath(basename(path)) ?? path;
}
