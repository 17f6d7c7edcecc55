import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeBlocks, pageOf } from '../cli/follow-docs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOUSE = join(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(HOUSE, 'package.json'), 'utf8')) as { version: string };
const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
/** Where test/deploy/install-node-22.sh puts it. */
const NODE_22 = join(CACHE, 'certline/node-22/bin');
const hasNode22 = existsSync(join(NODE_22, 'node'));
const NODE_22_MISSING = 'needs it: run test/deploy/install-node-22.sh';
const NODE_24 = dirname(process.execPath);
const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
const IN_A_ROOT = join(HOUSE, 'test/deploy/deb-in-a-root.sh');

interface Ended {
  readonly status: number;
  readonly says: string;
}

/** What a program said, both streams together, and how it ended. */
async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Ended> {
  return await promisify(execFile)(program, args, { ...options, encoding: 'utf8', maxBuffer: 1e8 }).then(
    ({ stdout, stderr }) => ({ status: 0, says: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      status: code,
      says: stdout + stderr,
    }),
  );
}

/** What whoever makes or installs something has, with the programs of these folders first. */
function withPath(...folders: string[]): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [...folders, process.env['PATH']].join(':') };
}

/** Nothing but programs of these folders, and the cache, in which the Temporal server is. */
function withOnly(...folders: string[]): NodeJS.ProcessEnv {
  return { PATH: folders.join(':'), HOME: homedir(), XDG_CACHE_HOME: CACHE };
}

/** Makes or installs something for the tests. */
async function prepare(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { status, says } = await run(program, args, { cwd: HOUSE, env });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${says}`);
}

/** Its version, then the example lot in an empty folder, to its last PASS. */
async function tryOut(certline: string, env: NodeJS.ProcessEnv): Promise<object> {
  const cwd = temporaryFolder();
  const { says: named } = await run(certline, ['--version'], { cwd, env });
  const { status, says } = await run(certline, ['demo', '--speed', 'instant'], { cwd, env });
  return { named, status, says, folder: readdirSync(cwd).toSorted() };
}

/** What `tryOut` finds where it works on a Node.js of this version, or one that begins so. */
function working(node: string): object {
  return {
    named: expect.stringContaining(`certline ${version} (Node.js ${node}`),
    status: 0,
    says: expect.stringMatching(
      /^24 units: 24 PASS, [^]*^24 of 24 devices connected[^]*^One unit +certline unit show/m,
    ),
    // All of it is in the folder from which it was started.
    folder: ['.certline', 'manifests'],
  };
}

const made = temporaryFolder();
const archive = join(made, `certline-${version}-linux-${process.arch}.tar.gz`);

beforeAll(async () => {
  const script = join(HOUSE, 'deploy/package', hasDpkg ? 'deb.sh' : 'archive.sh');
  const env = withPath(join(HOUSE, 'node_modules/.bin'));
  await prepare('sh', [script, made], env);
}, 600_000);

describe('the package for npm', () => {
  const prefix = temporaryFolder();

  beforeAll(async () => {
    const env = withPath(hasNode22 ? NODE_22 : NODE_24);
    const args = ['install', '--global', '--prefix', prefix, join(made, `certline-${version}.tgz`)];
    await prepare('npm', args, env);
  }, 600_000);

  it('works on Node.js 24', async () => {
    const tried = await tryOut(join(prefix, 'bin/certline'), withOnly(NODE_24, '/usr/bin', '/bin'));
    expect(tried).toMatchObject(working('v24.'));
  });

  it.runIf(hasNode22)(`works on Node.js 22 (${NODE_22_MISSING})`, async () => {
    const tried = await tryOut(join(prefix, 'bin/certline'), withOnly(NODE_22, '/usr/bin', '/bin'));
    expect(tried).toMatchObject(working('v22.'));
  });
});

describe('the archive', () => {
  it('works where there is no Node.js, without what only a checkout needs', async () => {
    const cwd = temporaryFolder();
    const unpacked = join(cwd, `certline-${version}-linux-${process.arch}`);
    expect(await run('tar', ['-xzf', archive], { cwd, env: process.env })).toMatchObject({ status: 0 });
    const packages = readdirSync(join(unpacked, 'lib/certline/node_modules'), {
      recursive: true,
      encoding: 'utf8',
    });
    expect(packages).toContain('@temporalio/worker');
    // What makes the workflow bundle, and the tools.
    const needless = /webpack\.js$|(^|\/)(terser|typescript|vitest|node-linux-\w+)$/;
    expect(packages.filter((path) => needless.test(path))).toEqual([]);
    const programs = join(cwd, 'programs');
    mkdirSync(programs);
    for (const name of ['sh', 'dirname', 'readlink']) symlinkSync(`/usr/bin/${name}`, join(programs, name));
    // As the docs have it: by a link from a folder on the path.
    symlinkSync(join(unpacked, 'bin/certline'), join(programs, 'certline'));
    const tried = await tryOut(join(programs, 'certline'), withOnly(programs));
    expect(tried).toMatchObject(working(process.version));
  });
});

describe('what the docs say about a host', () => {
  const canHaveRoot =
    hasDpkg &&
    process.arch === 'x64' &&
    spawnSync('unshare', ['--mount', 'sh', IN_A_ROOT, '-', temporaryFolder()]).status === 0;

  it.runIf(canHaveRoot)(
    'holds for the Debian package, which leaves state alone, and the archive (as root)',
    async () => {
      const section = pageOf('deployment.md').split('\n## Put it on a host\n')[1]!.split('\n## ')[0]!;
      const [, debian, archived] = codeBlocks(section, 'sh');
      writeFileSync(join(made, 'debian.sh'), debian!);
      writeFileSync(join(made, 'archive.sh'), archived!);
      const args = ['--mount', 'sh', IN_A_ROOT, made, temporaryFolder()];
      const { status, says } = await run('unshare', args, { cwd: made, env: process.env });
      expect({ status, says }).toMatchObject({ status: 0 });
      for (const line of [
        'node: none',
        'enabled',
        'worker without configuration: 4',
        'certline: gone',
        'state: kept certline-signer',
        'drop folder: 2770 certline-orchestrator',
        'certline.json',
        'role.env',
        '/etc/systemd/system/certline@.service',
      ])
        expect(says).toContain(`${line}\n`);
      expect(says.split(`certline ${version} (Node.js ${process.version})\n`)).toHaveLength(3);
    },
  );
});
