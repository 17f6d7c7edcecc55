import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { externalConfiguration } from '../../../temporal/server/external-configuration.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { newTlsAuthority } from './tls-files.ts';
import type { TlsPair } from './tls-files.ts';

const CERTIFICATE = 'TEMPORAL_TLS_CLIENT_CERT_PATH';
const KEY = 'TEMPORAL_TLS_CLIENT_KEY_PATH';
const SECRET = 'a-secret-key';

let own: TlsPair;
let other: TlsPair;

beforeAll(async () => {
  const authority = await newTlsAuthority('ours');
  [own, other] = [await authority.issue(), await authority.issue()];
});

function fileOf(text: string, name = 'file.pem'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

describe('the server of the environment', () => {
  it('is none without a choice in the environment', () => {
    expect(externalConfiguration({ TEMPORAL_NAMESPACE: 'x', TEMPORAL_ADDRESS: '' })).toBeUndefined();
  });

  it.each([
    ['temporal.example.:7233', 'temporal.example:7233'],
    ['localhost.:7233', 'localhost:7233'],
    ['temporal.example:7233', 'temporal.example:7233'],
    ['[::1]:7233', '[::1]:7233'],
  ])('at %s is asked as %s, also where the name ends with a dot', (given, asked) => {
    const configuration = externalConfiguration({ TEMPORAL_ADDRESS: given });
    expect(configuration?.connectionOptions.address).toBe(asked);
  });

  it('has address, namespace, API key and TLS files from the environment', () => {
    const configuration = externalConfiguration({
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'factory',
      TEMPORAL_API_KEY: 'token',
      TEMPORAL_TLS_SERVER_NAME: 'frontend',
      [CERTIFICATE]: fileOf(own.cert),
      [KEY]: fileOf(own.key),
    });
    expect(configuration).toMatchObject({
      namespace: 'factory',
      connectionOptions: {
        address: 'temporal.example:7233',
        apiKey: 'token',
        tls: {
          serverNameOverride: 'frontend',
          clientCertPair: { crt: new TextEncoder().encode(own.cert) },
        },
      },
    });
  });

  it('has a profile of the configuration file, and the environment before it', () => {
    const file = fileOf('[profile.line]\naddress = "a:1"\nnamespace = "from-file"\n', 'temporal.toml');
    const environment = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'line', TEMPORAL_NAMESPACE: 'mine' };
    expect(externalConfiguration(environment)).toMatchObject({
      namespace: 'mine',
      connectionOptions: { address: 'a:1' },
    });
  });

  it('is the same where a variable is empty and where it is not set', () => {
    const empty = { TEMPORAL_NAMESPACE: '', TEMPORAL_API_KEY: '', TEMPORAL_TLS: '', [CERTIFICATE]: '' };
    expect(externalConfiguration({ TEMPORAL_ADDRESS: 'a:1', ...empty })).toEqual(
      externalConfiguration({ TEMPORAL_ADDRESS: 'a:1' }),
    );
    expect(externalConfiguration({ TEMPORAL_ADDRESS: 'a:1' })?.namespace).toBe('default');
  });

  it('has an API key without the end of the line in its file', () => {
    const environment = { TEMPORAL_ADDRESS: 'a:1', TEMPORAL_API_KEY: `${SECRET}\n` };
    expect(externalConfiguration(environment)?.connectionOptions.apiKey).toBe(SECRET);
  });
});

/** The sentence, which names what to correct and never has the secret in it. */
function refusal(environment: NodeJS.ProcessEnv): string {
  try {
    externalConfiguration({ TEMPORAL_ADDRESS: 'temporal.example:7233', ...environment });
  } catch (error) {
    expect(error).toMatchObject({ name: 'TemporalServerError', code: 'TEMPORAL_CONFIGURATION' });
    const { message, cause } = error as Error;
    expect(`${message} ${String(cause)}`).not.toContain(SECRET);
    return message;
  }
  return 'it was accepted';
}

describe('a configuration that cannot work is refused', () => {
  it.each([
    ['a profile that is not there', { TEMPORAL_PROFILE: 'no-such' }, /TEMPORAL_ADDRESS.*no-such/],
    ['an empty file', { TEMPORAL_ADDRESS: '', TEMPORAL_CONFIG_FILE: '/dev/null' }, /its file has no profile/],
    ['no port', { TEMPORAL_ADDRESS: 'localhost' }, /^"localhost" is no address of a Temporal server/],
    ['a port that is none', { TEMPORAL_ADDRESS: 'localhost:99999' }, /is no address/],
    ['port 0', { TEMPORAL_ADDRESS: 'localhost:0' }, /is no address/],
    ['a space', { TEMPORAL_ADDRESS: 'localhost :7233' }, /is no address/],
    ['a scheme', { TEMPORAL_ADDRESS: 'https://localhost:7233' }, /is no address/],
    ['IPv6 without brackets', { TEMPORAL_ADDRESS: '::1:7233' }, /is no address.*\[2001:db8::1\]:7233/],
    ['a number that is no address', { TEMPORAL_ADDRESS: '1.2.3.4.5:7233' }, /is no address/],
    ['TLS that may be', { TEMPORAL_TLS: 'yes' }, /^TEMPORAL_TLS must be one of/],
    [
      'an API key of two lines',
      { TEMPORAL_API_KEY: `${SECRET}\n${SECRET}` },
      /^The API key in TEMPORAL_API_KEY contains/,
    ],
    ['an API key with a letter of no ASCII', { TEMPORAL_API_KEY: `${SECRET}é` }, /^The API key/],
    ['metadata with a line end', { TEMPORAL_GRPC_META_X_TOKEN: `${SECRET}\n` }, /^The metadata x-token/],
    ['a proxy that is none', { https_proxy: `http://u:${SECRET}%@proxy:3128` }, /^The proxy in https_proxy/],
  ])('%s', (_, environment, says) => {
    expect(refusal(environment)).toMatch(says);
  });

  it('a profile without an address', () => {
    const file = fileOf('[profile.default]\nnamespace = "factory"\n', 'temporal.toml');
    expect(refusal({ TEMPORAL_ADDRESS: '', TEMPORAL_CONFIG_FILE: file })).toMatch(
      /^TEMPORAL_CONFIG_FILE is set and names no address/,
    );
  });

  it('a configuration file that cannot be read, without what is in it', () => {
    const file = fileOf(`[profile.default]\naddress = "a:1"\napi_key = ${SECRET}\n`, 'temporal.toml');
    expect(refusal({ TEMPORAL_CONFIG_FILE: file })).toMatch(/invalid value in line 3\.$/);
  });

  it('files of a client certificate that are missing, damaged or not of one another', () => {
    const [cert, key, otherKey] = [own.cert, own.key, other.key].map((text) => fileOf(text));
    expect(refusal({ [CERTIFICATE]: cert })).toBe(
      `${CERTIFICATE} (${cert}) is set without its key: set ${KEY} too.`,
    );
    expect(refusal({ [KEY]: key })).toBe(
      `${KEY} (${key}) is set without its certificate: set ${CERTIFICATE} too.`,
    );
    expect(refusal({ [CERTIFICATE]: cert, [KEY]: otherKey })).toBe(
      `${KEY} (${otherKey}) is the key of another certificate than ${CERTIFICATE} (${cert}): replace both together.`,
    );
    expect(refusal({ [CERTIFICATE]: fileOf(''), [KEY]: key })).toContain('holds no certificate in PEM');
    expect(refusal({ [CERTIFICATE]: key, [KEY]: key })).toContain('holds no certificate in PEM');
    expect(refusal({ [CERTIFICATE]: cert, [KEY]: cert })).toContain('holds no private key in PEM');
    expect(refusal({ [CERTIFICATE]: '/no/file', [KEY]: key })).toContain("open '/no/file'");
    expect(refusal({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileOf('CA') })).toMatch(
      /^TEMPORAL_TLS_SERVER_CA_CERT_PATH \(.*\) holds no certificate in PEM/,
    );
    expect(refusal({ [CERTIFICATE]: cert, [KEY]: key })).toBe('it was accepted');
  });
});
