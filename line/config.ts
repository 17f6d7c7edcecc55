import { readFileSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { errnoOf, isMissing } from '../disk/errno.ts';
import { remedyOf } from '../disk/remedy.ts';
import { postgresUrlFault } from '../sql/postgres-place.ts';
import { lineProfileFaults } from '../pki/profile/line-profiles.ts';
import { SERIAL_PLACE } from '../provisioning/serial-template.ts';
import { ConfigError } from './config-error.ts';
import { configFault } from './config-fault.ts';
import { deviceRegistryConfig, registryFaults, webhookUrl } from './device-registry-config.ts';
import { repeatedKeys } from './repeated-keys.ts';
import { isMetricsAddress, METRICS_ADDRESS_RULE } from './metrics-address.ts';

/** An absolute path on the device, without spaces: the shell of the device accepts no quotes. */
const DEVICE_PATH = /^\/[!-~]{1,63}$/;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?$/;
const NAME_RULE =
  'must have only letters, digits, ".", "_" and "-", with a letter or digit at both ends, at most 40 characters';

const name = z.string().regex(NAME, NAME_RULE);
const devicePath = z
  .string()
  .regex(DEVICE_PATH, 'must be an absolute path on the device, at most 64 characters, without spaces');

/** A step that verifies a board ends within 120 s. */
const MAX_CONNECT_SECONDS = 90;

const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text).source !== '';
  } catch {
    return false;
  }
};

const match = z.strictObject({
  osInfo: z.string().min(1).max(200).refine(isPattern, 'must be a regular expression').exactOptional(),
  hardwareIdPrefix: z
    .string()
    .regex(/^[0-9A-Fa-f]{1,64}$/, 'must be hex digits, at most 64')
    .exactOptional(),
  firmwareVersion: z.string().min(1).max(100).exactOptional(),
});

const product = z.strictObject({
  name,
  assignment: z.enum(['any-board', 'listed-board']).default('any-board'),
  organization: z.string(),
  commonName: z.string().default(SERIAL_PLACE),
  keyPath: devicePath.default('/lfs1/credentials/key.der'),
  certificatePath: devicePath.default('/lfs1/credentials/crt.der'),
  keyEncoding: z.enum(['sec1', 'pkcs8']).default('sec1'),
  validity: z
    .union(
      [z.literal('forever'), z.strictObject({ days: z.number() })],
      'must be "forever", or {"days": 3650} with your number of days',
    )
    .default('forever'),
  extendedKeyUsage: z
    .array(z.enum(['clientAuth', 'serverAuth']))
    .readonly()
    .exactOptional(),
  subjectAltName: z
    .strictObject({
      uri: z.string().exactOptional(),
      hardwareModuleName: z
        .strictObject({ hwType: z.string(), hwSerialNum: z.string().default(SERIAL_PLACE) })
        .exactOptional(),
    })
    .exactOptional(),
  serialPattern: z.string().min(1).max(200).refine(isPattern, 'must be a regular expression').exactOptional(),
  cloud: z.enum(['golioth', 'azure-dps', 'aws-iot', 'nrf-cloud']).exactOptional(),
  registries: z.array(name).readonly().exactOptional(),
  match: match.exactOptional(),
  identity: z
    .union(
      [z.literal('usb-serial'), z.strictObject({ file: devicePath })],
      'must be "usb-serial", or {"file": "/lfs1/board-id"} with a path on the device',
    )
    .exactOptional(),
  restart: z
    .strictObject({
      untilLine: z.string().min(1).max(100).exactOptional(),
      seconds: z.int().min(1).max(MAX_CONNECT_SECONDS).default(60),
    })
    .exactOptional(),
});

const socket = z.strictObject({
  id: name,
  port: z.string().min(1),
  product: name,
  baudRate: z.int().positive().exactOptional(),
  dtr: z.boolean().exactOptional(),
  rts: z.boolean().exactOptional(),
});

const station = z.strictObject({
  id: name,
  sockets: z.array(socket).min(1).readonly(),
  signaturesPerMinute: z.int().min(1).max(1_000_000).exactOptional(),
});

/** Without a station on this host, the number of units under way is that of 16 sockets on other hosts. */
const DEFAULT_UNITS_IN_FLIGHT = 32;

/** The configuration file. Paths in it are relative to `folder`; in what it is parsed to they are absolute. */
function configFile(folder: string) {
  const path = z
    .string()
    .min(1)
    .transform((text) => resolve(folder, text));
  const token = z.strictObject({
    module: z.string().min(1),
    token: z.string().min(1),
    label: z.string().min(1),
    pinFile: path,
  });
  const postgres = z
    .strictObject({ postgres: z.string(), passwordFile: path.exactOptional() })
    .superRefine(({ postgres: url }, context) => {
      const fault = postgresUrlFault(url);
      if (fault !== undefined) context.addIssue({ code: 'custom', path: ['postgres'], message: fault });
    })
    .transform(({ postgres: url, ...rest }) => ({ url, ...rest }));
  return z
    .strictObject({
      /** Drop folder for manifests. */
      inbox: path.prefault('manifests/inbox'),
      /** Each has a folder of its own, with its name, in the inbox. */
      manufacturers: z.array(name).readonly().default([]),
      products: z.array(product).min(1).readonly(),
      /** Clouds, and other places that must know which certificates are in use. */
      registries: z.array(deviceRegistryConfig(name, path)).readonly().default([]),
      /** The stations of this host. */
      stations: z.array(station).readonly().default([]),
      /** Units under way at once. */
      unitsInFlight: z.int().min(1).max(500).exactOptional(),
      /** File with the passphrase of the factory CA's key. */
      passphraseFile: path.exactOptional(),
      /** PEM file with the certificates of our CA, for a station on a host without the CA. */
      issuersFile: path.exactOptional(),
      /** Public keys of the signers whose permits the stations of this host accept; else of the signer of its state folder. */
      signerKeysFile: path.exactOptional(),
      /** Public keys of the stations whose passes the registry of this host believes; else as the signer of this process says. */
      stationKeysFile: path.exactOptional(),
      /** Public keys of the intakes whose releases the signer accepts; else in its state folder. */
      intakeKeysFile: path.exactOptional(),
      /** Where the signer's newest checkpoint is kept; best on another disk or host than its ledger. */
      auditWitnessFile: path.exactOptional(),
      /** A witness on another host, which signs how far the audit log has come before anything is signed. */
      auditWitness: z
        .strictObject({ url: z.url({ protocol: /^https?$/ }), key: z.string().min(1) })
        .exactOptional(),
      /** The token that has the factory CA's key; else it is an encrypted file. */
      pkcs11: token.exactOptional(),
      /** The database of the signer's ledger; else a file in its state folder. */
      ledger: postgres.exactOptional(),
      /** The database of the registry of record; else a file in the state folder of the orchestrator. */
      registry: postgres.exactOptional(),
      /** Where the signer finds signed orders; else in its state folder. */
      ordersFolder: path.exactOptional(),
      /** The public release keys that the signer trusts, one in each text line; else in its state folder. */
      releaseKeysFile: path.exactOptional(),
      /** The signer accepts only orders that name it, and their serials or their manifest. */
      strictOrders: z.boolean().exactOptional(),
      /** Who hears that a unit waits, a batch ended, or a role is down: a receiver of Standard Webhooks. */
      notifications: z.strictObject({ url: webhookUrl, secretFile: path }).exactOptional(),
      /** Where each role of this host serves its metrics; else nowhere. */
      metrics: z
        .strictObject({ address: z.string().refine(isMetricsAddress, METRICS_ADDRESS_RULE) })
        .exactOptional(),
    })
    .superRefine(({ products }, context) => {
      for (const { at, says } of lineProfileFaults(products))
        context.addIssue({ code: 'custom', path: ['products', ...at], message: says });
    })
    .superRefine((config, context) => {
      for (const { path: at, says } of [...placeFaults(config), ...registryFaults(config)])
        context.addIssue({ code: 'custom', path: [...at], message: says });
    })
    .transform((config) => ({ ...config, unitsInFlight: config.unitsInFlight ?? twiceTheSockets(config) }));
}

/** The parts of a factory line: its products, the stations of this host, and the files of the signer. */
export type LineConfig = z.infer<ReturnType<typeof configFile>>;

/** The products that the sockets of this host take; undefined where it has none. */
export function socketProducts({ stations }: Pick<LineConfig, 'stations'>): ReadonlySet<string> | undefined {
  if (stations.length === 0) return undefined;
  return new Set(stations.flatMap(({ sockets }) => sockets.map((its) => its.product)));
}

interface Places {
  readonly products: readonly z.infer<typeof product>[];
  readonly stations: readonly z.infer<typeof station>[];
}

interface Field {
  readonly value: string;
  readonly path: readonly (string | number)[];
}

interface PlaceFault {
  readonly path: readonly (string | number)[];
  readonly says: string;
}

/** Names and ports that occur twice, and products that do not exist. */
function placeFaults({ products, stations }: Places): PlaceFault[] {
  const names = products.map((each, at) => ({ value: each.name, path: ['products', at, 'name'] }));
  const ids = stations.map(({ id }, at) => ({ value: id, path: ['stations', at, 'id'] }));
  const sockets = stations.flatMap((each, at) =>
    each.sockets.map((its, place) => ({ ...its, station: at, path: ['stations', at, 'sockets', place] })),
  );
  const socketIds = Map.groupBy(
    sockets.map(({ id, path, station: at }) => ({ value: id, path: [...path, 'id'], at })),
    ({ at }) => at,
  );
  return [
    ...repeated(names, 'product'),
    ...repeated(ids, 'station'),
    ...[...socketIds.values()].flatMap((ofStation) => repeated(ofStation, 'socket')),
    ...sockets.flatMap((each) =>
      unknownProduct(
        each,
        names.map(({ value }) => value),
      ),
    ),
    ...samePorts(sockets),
  ];
}

/** All fields but the first that have a value, and what to do about it. */
function repeated(fields: readonly Field[], owner: string): PlaceFault[] {
  const first = new Map(fields.toReversed().map((field) => [field.value, field]));
  return fields
    .filter((field) => first.get(field.value) !== field)
    .map(({ value, path }) => ({
      path,
      says: `another ${owner} has ${value} already: each ${owner} needs its own`,
    }));
}

/** Ports that are one adapter: by the same path, or by paths that lead to the same device. Both sockets are named. */
function samePorts(
  sockets: readonly { readonly port: string; readonly path: Field['path'] }[],
): PlaceFault[] {
  const first = new Map<string, { readonly port: string; readonly path: Field['path'] }>();
  return sockets.flatMap(({ port, path }) => {
    const device = deviceAt(port);
    const other = first.get(device);
    if (other === undefined) {
      first.set(device, { port, path });
      return [];
    }
    const which =
      other.port === port
        ? `${port} is already another socket's`
        : `${port} is the port of ${other.path.join('.')}, ${other.port}: both lead to ${device}`;
    const says = `${which}: each socket needs its own`;
    return [{ path: [...path, 'port'], says }];
  });
}

/** The device that a port's path leads to now; the path itself where there is none. */
function deviceAt(port: string): string {
  try {
    return realpathSync(port);
  } catch {
    return resolve(port);
  }
}

function unknownProduct(
  { product: given, path }: { readonly product: string; readonly path: Field['path'] },
  known: readonly string[],
): PlaceFault[] {
  if (known.includes(given)) return [];
  return [{ path: [...path, 'product'], says: `"${given}" is not one of the products: ${known.join(', ')}` }];
}

function twiceTheSockets({ stations }: Places): number {
  const sockets = stations.reduce((sum, each) => sum + each.sockets.length, 0);
  return sockets > 0 ? 2 * sockets : DEFAULT_UNITS_IN_FLIGHT;
}

/**
 * Checks a configuration; throws CONFIG_INVALID naming every fault by its place. `folder` is what paths are relative
 * to.
 */
export function parseLineConfig(value: unknown, source: string, folder: string): LineConfig {
  const result = configFile(folder).safeParse(value, { error: configFault });
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `  ${path.join('.') || '(top)'}: ${message}`);
  throw new ConfigError('CONFIG_INVALID', `${source} is not a valid configuration:\n${faults.join('\n')}`);
}

/**
 * Reads a configuration file, whose paths are relative to `folder`. Throws CONFIG_NOT_FOUND or CONFIG_INVALID.
 */
export function loadLineConfig(path: string, folder: string = dirname(resolve(path))): LineConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw unreadable(path, error);
    const message = `There is no configuration file ${path}: copy certline.example.json there (in deploy/, or in /usr/share/doc/certline of the Debian package), or name another file with --config.`;
    throw new ConfigError('CONFIG_NOT_FOUND', message, { cause: error });
  }
  return parseLineConfig(parsedJson(text, path), path, folder);
}

function unreadable(path: string, error: unknown): ConfigError {
  const why = remedyOf(errnoOf(error) ?? '') ?? (error as Error).message;
  const message = `The configuration file ${path} cannot be read: ${why}.`;
  return new ConfigError('CONFIG_INVALID', message, { cause: error });
}

/** Editors of Windows begin a file with a byte order mark, which says nothing. */
const BYTE_ORDER_MARK = /^\uFEFF/;

function parsedJson(text: string, path: string): unknown {
  const json = text.replace(BYTE_ORDER_MARK, '');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const message = `${path} is not JSON: ${jsonFault(json, error as Error)}.`;
    throw new ConfigError('CONFIG_INVALID', message, { cause: error });
  }
  const faults = repeatedKeys(json).map(
    (key) => `  ${key}: is there twice, and only the last one would count`,
  );
  if (faults.length === 0) return value;
  throw new ConfigError('CONFIG_INVALID', `${path} is not a valid configuration:\n${faults.join('\n')}`);
}

/** What is wrong with text that is not JSON, and what to do. */
function jsonFault(text: string, { message }: Error): string {
  if (text.trim() === '') return 'it is empty. Restore it, or copy certline.example.json there';
  if (/[\0\uFFFD]/.test(text)) return 'it is not UTF-8 text. Save it as UTF-8';
  const position = Number(/ at position (\d+)/.exec(message)?.[1]);
  const isComment = /^Unexpected token '[/#]'/.test(message) || /^(?:\/[/*]|#)/.test(text.slice(position));
  return `${message}. ${isComment ? 'JSON has no comments: remove them' : 'Correct the file'}`;
}
