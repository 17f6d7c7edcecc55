import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { blocksOf, codeBlocks, pageOf } from '../cli/follow-docs.ts';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import type { Credential } from '../pki/dtls/delivered-credential.ts';
import { DtlsGateway } from '../registry/golioth/dtls-gateway.ts';
import { GoliothDouble } from '../registry/golioth/golioth-double.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testServer } from '../support/temporal-server.ts';
import { until } from '../support/until.ts';
import { manifest } from './line-rig.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = 'golioth.md';
const SOCKETS = ['1', '2'];
/** One more than there are sockets: the virtual operator has to take a passed board out. */
const SERIALS = ['CL-000001', 'CL-000002', 'CL-000003'];

interface Said {
  readonly status: number;
  readonly text: string;
}

/** A newcomer in a folder of their own, who types into shells there what pages print. */
class Newcomer {
  readonly folder = temporaryFolder();
  readonly #env: NodeJS.ProcessEnv;

  constructor(server: { readonly address: string; readonly namespace: string }) {
    const bin = join(this.folder, 'bin');
    mkdirSync(bin);
    const [node, cli] = [join(ROOT, 'node_modules', '.bin', 'node'), join(ROOT, 'cli', 'certline.ts')];
    writeFileSync(join(bin, 'certline'), `#!/bin/sh\nexec '${node}' '${cli}' "$@"\n`);
    chmodSync(join(bin, 'certline'), 0o755);
    this.#env = {
      PATH: `${bin}:${process.env['PATH']}`,
      HOME: this.folder,
      CERTLINE_STATE: join(this.folder, '.certline'),
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_NAMESPACE: server.namespace,
    };
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  async types(commands: string, input = ''): Promise<Said> {
    const typing = promisify(execFile)('sh', ['-e', '-c', commands], { cwd: this.folder, env: this.#env });
    typing.child.stdin!.end(input);
    return await typing.then(
      ({ stdout, stderr }) => ({ status: 0, text: stdout + stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        status: code,
        text: stdout + stderr,
      }),
    );
  }

  /** In a terminal of its own, until the test is finished. */
  keepsRunning(command: string): void {
    const child = spawn('sh', ['-c', `exec ${command}`], {
      cwd: this.folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = once(child, 'close');
    onTestFinished(async ({ task }) => {
      if (task.result?.state === 'fail') process.stderr.write(`${command}: ${said.slice(-4_000)}\n`);
      child.kill('SIGINT');
      await ended;
    });
  }
}

/** The commands of a section of the page, one in each text line. */
function commandsOf(section: string): string[] {
  return blocksOf(PAGE, section, 'sh').trim().split('\n');
}

/** The command in a row of the table of what comes later. */
function laterCommand(words: string): string {
  const [, command] = new RegExp(`^\\| \`(certline ${words}.*?)\``, 'm').exec(pageOf(PAGE)) ?? [];
  return command!.replace('"…"', '"a test"').replace('…', 'keyCompromise');
}

/** Both files of a board, by the serial in its certificate. Boards that no unit took have none. */
function credentialOf(boards: string, serial: string): Credential {
  const folders = readdirSync(boards).map((board) => join(boards, board, 'lfs1/credentials'));
  const all = folders.filter(existsSync).map((folder): Credential => {
    const [key, certificate] = ['key.der', 'crt.der'].map((name) => readFileSync(join(folder, name))) as [
      Buffer,
      Buffer,
    ];
    return { key, certificate };
  });
  return all.find(({ certificate }) => Buffer.from(certificate).includes(serial))!;
}

it('docs/golioth.md leads from an empty folder to the device in the list, and out of it', async () => {
  const newcomer = new Newcomer(await testServer(SEARCH_ATTRIBUTES));
  const { folder } = newcomer;
  const [text = ''] = codeBlocks(pageOf(PAGE), 'json');
  const config = JSON.parse(text) as {
    registries: { project: string }[];
    products: { restart: { untilLine?: string } }[];
  };
  const double = await GoliothDouble.start(config.registries[0]!.project);
  const gateway = new DtlsGateway(double, temporaryFolder());
  // As the page says where there is no network at the line: the virtual boards connect to nothing by themselves.
  delete config.products[0]!.restart.untilLine;
  const sockets = SOCKETS.map((id) => ({
    id,
    port: `.certline/virtual-line/ports/st-1-${id}`,
    product: 'golioth-node',
  }));
  newcomer.write(
    'certline.json',
    JSON.stringify({
      ...config,
      registries: [{ ...config.registries[0], url: double.server.url }],
      stations: [{ id: 'st-1', sockets }],
    }),
  );

  const [key = ''] = codeBlocks(pageOf(PAGE), 'bash');
  expect(await newcomer.types(key, double.apiKey)).toMatchObject({ status: 0 });
  for (const command of commandsOf('3. The CA'))
    expect(await newcomer.types(command.replace('/media/root-stick', folder))).toMatchObject({ status: 0 });
  expect(double.certificates).toHaveLength(1);

  // The order, as docs/signer/orders.md has it.
  for (const section of ['Make the release key', 'Create, sign and deliver an order'])
    expect(await newcomer.types(blocksOf('signer/orders.md', section, 'sh'))).toMatchObject({ status: 0 });

  const [show, doctor, up, submit] = commandsOf('4. A lot');
  expect(await newcomer.types(show!)).toMatchObject({ status: 0 });
  // The example of simulator/README.md, without its fault and as fast as can be.
  const [example = ''] = codeBlocks(readFileSync(join(ROOT, 'simulator/README.md'), 'utf8'), 'json');
  const virtual = { ...(JSON.parse(example) as object), faults: [], speed: 'instant', operator: {} };
  newcomer.write('boards.json', JSON.stringify({ ...virtual, firmware: 'golioth' }));
  newcomer.keepsRunning('certline simulate --line boards.json');
  const looked = await newcomer.types(doctor!);
  expect(looked).toMatchObject({ status: 0, text: expect.not.stringMatching(/^fail/m) });
  newcomer.keepsRunning(up!);
  newcomer.write('lot.csv', manifest(SERIALS.length).replaceAll(/^PO-\w+/gm, 'PO-1001'));
  await until('the lot is taken', async () => (await newcomer.types(submit!)).status === 0, 60_000);
  await until(
    'all have passed',
    async () => {
      const shown = await Promise.all(
        SERIALS.map((serial) => newcomer.types(`certline unit show ${serial} --json`)),
      );
      return shown.every((each) => each.text.includes('"PASS"'));
    },
    120_000,
  );

  const [device] = commandsOf('5. The device in the list');
  expect(await newcomer.types(device!)).toMatchObject({
    status: 11,
    text: expect.stringContaining('has not connected yet'),
  });
  const boards = join(folder, '.certline/virtual-line/boards');
  for (const serial of SERIALS)
    expect(await gateway.connect(credentialOf(boards, serial))).toMatchObject({ name: serial });
  expect(await newcomer.types(device!)).toMatchObject({
    status: 0,
    text: expect.stringContaining('CL-000001 has connected'),
  });

  expect(await newcomer.types(`${laterCommand('cert revoke')} --yes`)).toMatchObject({ status: 0 });
  expect(await newcomer.types('certline ca crl')).toMatchObject({ status: 0 });
  const disabled = (): string[] => double.devices.filter(({ enabled }) => !enabled).map(({ name }) => name);
  await until('its device is disabled', () => disabled().length > 0, 60_000);
  expect(disabled()).toEqual(['CL-000002']);
  expect(await gateway.connect(credentialOf(boards, 'CL-000002'))).toBeUndefined();
});
