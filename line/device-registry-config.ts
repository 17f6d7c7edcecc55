import { z } from 'zod';
import { cloudFaults } from '../pki/profile/cloud-rules.ts';
import type { Cloud } from '../provisioning/product.ts';
import { registryUrlFault } from '../registry/http/registry-url.ts';

/** More in a second than any of them takes. */
const DEVICES_PER_SECOND_MOST = 10_000;

const AWS_REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/;
/** Names of policies, and of types and groups of things, by the model of AWS IoT's API. */
const AWS_POLICY = /^[A-Za-z0-9_+=,.@-]+$/;
const AWS_NAME = /^[A-Za-z0-9:_-]+$/;
/** What nRF Cloud takes; a comma would separate cells. */
const NRF_SUB_TYPE = /^[A-Za-z0-9_.@/:#-]{1,799}$/;
const NRF_TAG = /^[A-Za-z0-9_.@:#-]+$/;
/** A name, or an id, that somebody chose in a cloud. */
const cloudName = z.string().min(1).max(128);
const awsName = cloudName.regex(AWS_NAME, 'may have letters, digits and : _ -');

/** An address that says by itself what is wrong with it. */
export const webhookUrl = z.string().superRefine((text, context) => {
  const fault = registryUrlFault(text);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});

const url = webhookUrl;

/** What is wrong with the address of an API; an address that is none has its own fault. */
function addressOf(faultOf: (address: URL) => string | undefined) {
  return webhookUrl.superRefine((text, context) => {
    const fault = URL.canParse(text) ? faultOf(new URL(text)) : undefined;
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });
}

/** A query would be lost, since the paths of the API come after the address. */
const queryFault = ({ search }: URL): string | undefined =>
  search === '' ? undefined : 'may have nothing after a "?": leave that out';
const apiUrl = addressOf(queryFault);
/** Of a service whose API is at the top of its host. */
const hostUrl = addressOf((address) => {
  const hasPath = address.pathname !== '/';
  return queryFault(address) ?? (hasPath ? 'may have no path: write only https:// and the host' : undefined);
});

/** The configuration of one device registry; `name` and `path` as everywhere in the file. */
export function deviceRegistryConfig<Name extends z.ZodType<string>, Path extends z.ZodType<string, string>>(
  name: Name,
  path: Path,
) {
  const common = {
    name,
    /** Slower, or faster, than what is known of its kind. */
    devicesPerSecond: z.number().positive().max(DEVICES_PER_SECOND_MOST).exactOptional(),
  };
  return z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('aws-iot'),
      ...common,
      region: z.string().regex(AWS_REGION, 'must be a region of AWS, such as eu-central-1'),
      secretFile: path,
      policies: z
        .array(cloudName.regex(AWS_POLICY, 'may have letters, digits and + = , . @ _ -'))
        .min(1)
        .readonly(),
      thingType: awsName.exactOptional(),
      groups: z.array(awsName).readonly().exactOptional(),
      /** The issuing CA is registered in the account, and certificates are registered with it. */
      registeredCa: z.boolean().default(false),
      url: hostUrl.exactOptional(),
    }),
    z.strictObject({
      kind: z.literal('azure-dps'),
      ...common,
      url: hostUrl,
      secretFile: path,
      /** It trusts the factory CA: units need no enrollment of their own. */
      enrollmentGroup: cloudName.exactOptional(),
      iotHubs: z.array(cloudName).min(1).readonly().exactOptional(),
    }),
    z.strictObject({
      kind: z.literal('golioth'),
      ...common,
      /** Its id, which is the O of the certificates. */
      project: cloudName,
      secretFile: path,
      url: apiUrl.exactOptional(),
      /** Devices are created before their first connect. */
      create: z
        .strictObject({
          blueprint: cloudName.exactOptional(),
          tags: z.array(cloudName).readonly().exactOptional(),
        })
        .exactOptional(),
    }),
    z.strictObject({
      kind: z.literal('nrf-cloud'),
      ...common,
      secretFile: path,
      url: apiUrl.exactOptional(),
      subType: z
        .string()
        .regex(NRF_SUB_TYPE, 'may have letters, digits and _ . @ / : # -, at most 799')
        .exactOptional(),
      tags: z
        .array(z.string().max(128).regex(NRF_TAG, 'may have letters, digits and _ . @ : # -'))
        .readonly()
        .exactOptional(),
      /** What nRF Cloud may update over the air. */
      fwTypes: z
        .array(z.enum(['APP', 'MODEM', 'BOOT', 'SOFTDEVICE', 'BOOTLOADER', 'MDM_FULL']))
        .readonly()
        .exactOptional(),
    }),
    z.strictObject({ kind: z.literal('file'), ...common, folder: path }),
    z.strictObject({ kind: z.literal('webhook'), ...common, url, secretFile: path }),
  ]);
}

/** The configuration of one device registry, with absolute paths. */
export type DeviceRegistryConfig = z.infer<ReturnType<typeof deviceRegistryConfig>>;

interface Named {
  readonly registries: readonly {
    readonly name: string;
    readonly kind: DeviceRegistryConfig['kind'];
    readonly project?: string;
  }[];
  readonly products: readonly {
    readonly organization: string;
    readonly commonName: string;
    readonly cloud?: Cloud;
    readonly registries?: readonly string[];
  }[];
}

interface RegistryFault {
  readonly path: readonly (string | number)[];
  readonly says: string;
}

/** Names that occur twice, names in products that no device registry has, and certificates that a cloud would refuse. */
export function registryFaults({ registries, products }: Named): RegistryFault[] {
  const names = registries.map(({ name }) => name);
  const repeated = (all: readonly string[], at: number): boolean => all.indexOf(all[at]!) < at;
  return [
    ...names.flatMap((name, at) =>
      repeated(names, at)
        ? [
            {
              path: ['registries', at, 'name'],
              says: `another registry has ${name} already: each needs its own`,
            },
          ]
        : [],
    ),
    ...products.flatMap(({ registries: of = [] }, product) =>
      of.flatMap((name, at) => {
        const path = ['products', product, 'registries', at];
        if (!names.includes(name))
          return [
            { path, says: `"${name}" is not one of the registries: ${names.join(', ') || 'there is none'}` },
          ];
        return repeated(of, at) ? [{ path, says: `${name} is in the list already` }] : [];
      }),
    ),
    ...products.flatMap(({ organization, registries: of = [] }, product) =>
      registries
        .filter(({ name, project }) => of.includes(name) && project !== undefined && project !== organization)
        .map(({ name, project }) => ({
          path: ['products', product, 'organization'],
          says: `is "${organization}", and the registry ${name} is the Golioth project "${project}": Golioth refuses devices of another O, so make both the id of the project`,
        })),
    ),
    ...products.flatMap((product, index) =>
      registries
        .filter(({ name, kind }) => product.registries?.includes(name) === true && kind !== product.cloud)
        .flatMap(({ name, kind }) =>
          (kind === 'file' || kind === 'webhook' ? [] : cloudFaults({ ...product, cloud: kind })).map(
            ({ at, says }) => ({
              path: ['products', index, at],
              says: `${says}; the registry ${name} takes no other`,
            }),
          ),
        ),
    ),
  ];
}
