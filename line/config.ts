import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { StationConfig } from '../fixtures/station/station-config.ts';
import type { Pkcs11Key } from '../pki/signers/pkcs11-key.ts';
import { lineProfileFaults } from '../pki/profile/line-profiles.ts';
import { postgresUrlFault } from '../pki/ledger/postgres-place.ts';
import type { PostgresPlace } from '../pki/ledger/postgres-place.ts';
import type { Product } from '../provisioning/product.ts';
import { SERIAL_PLACE } from '../provisioning/serial-template.ts';
import { ConfigError } from './config-error.ts';

/** An absolute path on the device, without blanks: the shell of the device takes no quotes. */
const DEVICE_PATH = /^\/[!-~]{1,63}$/;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?$/;
const NAME_RULE = 'letters, digits, dot, underscore and hyphen, at most 40 characters';

const name = z.string().regex(NAME, NAME_RULE);
const devicePath = z
  .string()
  .regex(DEVICE_PATH, 'an absolute path on the device, at most 64 characters, no blanks');

const product = z.strictObject({
  name,
  assignment: z.enum(['any-board', 'listed-board']).default('any-board'),
  organization: z.string(),
  commonName: z.string().default(SERIAL_PLACE),
  keyPath: devicePath.default('/lfs1/credentials/key.der'),
  certificatePath: devicePath.default('/lfs1/credentials/crt.der'),
  keyEncoding: z.enum(['sec1', 'pkcs8']).default('sec1'),
  validity: z.union([z.literal('forever'), z.strictObject({ days: z.number() })]).default('forever'),
  extendedKeyUsage: z.array(z.enum(['clientAuth', 'serverAuth'])).exactOptional(),
  subjectAltName: z
    .strictObject({
      uri: z.string().exactOptional(),
      hardwareModuleName: z
        .strictObject({ hwType: z.string(), hwSerialNum: z.string().default(SERIAL_PLACE) })
        .exactOptional(),
    })
    .exactOptional(),
  cloud: z.enum(['golioth', 'azure-dps', 'aws-iot']).exactOptional(),
});

const socket = z.strictObject({
  id: name,
  port: z.string().min(1),
  product: name,
  baudRate: z.int().positive().optional(),
});

const station = z.strictObject({
  id: name,
  sockets: z.array(socket).min(1),
  signaturesPerMinute: z.int().min(1).max(1_000_000).optional(),
});

const token = z.strictObject({
  module: z.string().min(1),
  token: z.string().min(1),
  label: z.string().min(1),
  pinFile: z.string().min(1),
});

const ledger = z.strictObject({
  postgres: z.string().superRefine((url, context) => {
    const fault = postgresUrlFault(url);
    if (fault !== undefined) context.addIssue(fault);
  }),
  passwordFile: z.string().min(1).optional(),
});

const line = z
  .strictObject({
    inbox: z.string().min(1).default('manifests/inbox'),
    products: z.array(product).min(1),
    stations: z.array(station).default([]),
    unitsInFlight: z.int().min(1).max(500).optional(),
    passphraseFile: z.string().min(1).optional(),
    issuersFile: z.string().min(1).optional(),
    auditWitnessFile: z.string().min(1).optional(),
    pkcs11: token.optional(),
    ledger: ledger.optional(),
    ordersFolder: z.string().min(1).optional(),
    releaseKeysFile: z.string().min(1).optional(),
  })
  .superRefine(({ products }, context) => {
    for (const { at, says } of lineProfileFaults(products))
      context.addIssue({ code: 'custom', path: ['products', ...at], message: says });
  })
  .superRefine(({ products, stations }, context) => {
    const refuse = (path: (string | number)[], key: string, taken: string): void =>
      context.addIssue({ code: 'custom', path: [...path, key], message: `${taken} is already another's` });
    for (const index of repeated(products.map((each) => each.name)))
      refuse(['products', index], 'name', products[index]!.name);
    for (const index of repeated(stations.map(({ id }) => id)))
      refuse(['stations', index], 'id', stations[index]!.id);
    stations.forEach(({ sockets }, at) => {
      for (const index of repeated(sockets.map(({ id }) => id)))
        refuse(['stations', at, 'sockets', index], 'id', sockets[index]!.id);
    });
  })
  .superRefine((config, context) => {
    const products = new Set(config.products.map((candidate) => candidate.name));
    const ports = new Set<string>();
    config.stations.forEach((candidate, stationIndex) => {
      candidate.sockets.forEach((at, socketIndex) => {
        const path = ['stations', stationIndex, 'sockets', socketIndex];
        const issue = (key: string, message: string) =>
          context.addIssue({ code: 'custom', path: [...path, key], message });
        if (!products.has(at.product))
          issue('product', `is none of the products: ${[...products].join(', ')}`);
        if (ports.has(at.port)) issue('port', `${at.port} is already another socket's`);
        ports.add(at.port);
      });
    });
  });

/** The places of all names but the first of each. */
function repeated(names: readonly string[]): number[] {
  return names.flatMap((each, index) => (names.indexOf(each) < index ? [index] : []));
}

/** What a line is made of: its products, and the stations of this host. */
export interface LineConfig {
  /** Drop folder for manifests. */
  readonly inbox: string;
  readonly products: readonly Product[];
  readonly stations: readonly StationConfig[];
  /** Units under way at once, about twice the sockets of all stations. */
  readonly unitsInFlight: number;
  /** File with the passphrase of the factory CA's key. */
  readonly passphraseFile: string | undefined;
  /** PEM file with the certificates of our CA, for a station on a host without the CA. */
  readonly issuersFile: string | undefined;
  /** Where the signer's newest checkpoint is kept; best on another disk or host than its ledger. */
  readonly auditWitnessFile: string | undefined;
  /** The token that has the factory CA's key; else it is an encrypted file. */
  readonly pkcs11: Omit<Pkcs11Key, 'refusalFile'> | undefined;
  /** The database of the signer's ledger; else a file in its state folder. */
  readonly ledger: PostgresPlace | undefined;
  /** Where the signer finds signed orders; else in its state folder. */
  readonly ordersFolder: string | undefined;
  /** The public release keys that the signer trusts, a line each; else in its state folder. */
  readonly releaseKeysFile: string | undefined;
}

/** Where no station is configured on this host, units of 16 sockets elsewhere are kept under way. */
const DEFAULT_UNITS_IN_FLIGHT = 32;

/** Checks a configuration; throws CONFIG_INVALID naming every fault by its place. `folder` is what paths are relative to. */
export function parseLineConfig(value: unknown, source: string, folder: string): LineConfig {
  const result = line.safeParse(value);
  if (!result.success) {
    const faults = result.error.issues.map(
      (issue) => `  ${issue.path.join('.') || '(top)'}: ${issue.message}`,
    );
    throw new ConfigError('CONFIG_INVALID', `${source} is not a valid configuration:\n${faults.join('\n')}`);
  }
  const { inbox, products, stations, unitsInFlight } = result.data;
  const { pkcs11 } = result.data;
  const { postgres: url, passwordFile } = result.data.ledger ?? {};
  const at = (path: string | undefined) => (path === undefined ? undefined : resolve(folder, path));
  const sockets = stations.reduce((sum, each) => sum + each.sockets.length, 0);
  return {
    inbox: resolve(folder, inbox),
    products,
    stations: stations.map(({ id, sockets: places, signaturesPerMinute }) => ({
      id,
      ...(signaturesPerMinute !== undefined && { signaturesPerMinute }),
      sockets: places.map(({ baudRate, ...rest }) => ({
        ...rest,
        ...(baudRate !== undefined && { baudRate }),
      })),
    })),
    unitsInFlight: unitsInFlight ?? (sockets > 0 ? 2 * sockets : DEFAULT_UNITS_IN_FLIGHT),
    passphraseFile: at(result.data.passphraseFile),
    issuersFile: at(result.data.issuersFile),
    auditWitnessFile: at(result.data.auditWitnessFile),
    ordersFolder: at(result.data.ordersFolder),
    releaseKeysFile: at(result.data.releaseKeysFile),
    ledger:
      url === undefined
        ? undefined
        : { url, ...(passwordFile !== undefined && { passwordFile: resolve(folder, passwordFile) }) },
    pkcs11: pkcs11 === undefined ? undefined : { ...pkcs11, pinFile: resolve(folder, pkcs11.pinFile) },
  };
}

/** Reads a configuration file. Throws CONFIG_NOT_FOUND or CONFIG_INVALID. */
export function loadLineConfig(path: string): LineConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const message = `There is no configuration at ${path}: copy deploy/certline.example.json there, or name one with --config.`;
    throw new ConfigError('CONFIG_NOT_FOUND', message, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigError('CONFIG_INVALID', `${path} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return parseLineConfig(value, path, dirname(resolve(path)));
}
