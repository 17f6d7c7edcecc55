import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testServer } from '../support/temporal-server.ts';
import { until } from '../support/until.ts';
import { fillDisk } from './fill-disk.ts';
import { LineProcess } from './line-process.ts';

const folder = temporaryFolder();
const disk = join(folder, 'disk');
const state = join(disk, 'state');
const inbox = join(folder, 'inbox');
const config = join(folder, 'line.json');
const ballast = join(disk, 'ballast');
/** Which file is the first that cannot be written depends on what has been written before. */
const FULL = /disk is full|no space left.*free some space|cannot be written \(full\).*free space/;
const MANIFEST = 'order,serial,product\nPO-1,CL-000001,golioth-node\n';

mkdirSync(disk);
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk]).status === 0;
const reason = mounted ? '' : ' — cannot run: a small disk can be mounted by root only';

/** Processes whose command line names this state folder. */
function processesOfState(): string[] {
  const commands = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
  return commands.filter((command) => command.includes(state));
}

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): LineProcess {
  return new LineProcess([...args, '--config', config, '--state', state], environment);
}

/** Runs a command to its end; returns what it printed. */
async function certline(...args: string[]): Promise<string> {
  const command = start(args);
  expect(await command.ended()).toBe(0);
  return command.output;
}

async function up(): Promise<LineProcess> {
  const line = start(['up']);
  await until('the line is up', () => {
    if (!line.isRunning) throw new Error(`the line ended: ${line.output}`);
    return line.output.includes('Line up:');
  });
  return line;
}

beforeAll(async () => {
  if (!mounted) return;
  mkdirSync(state);
  mkdirSync(inbox);
  const write = (more: object): void => {
    const sockets = [{ id: '1', port: '/dev/certline-no-port', product: 'golioth-node' }];
    const products = [{ name: 'golioth-node', organization: 'certline-test' }];
    const metrics = { address: '127.0.0.1:0' };
    const parts = { inbox, products, metrics, stations: [{ id: 'st-1', sockets }], ...more };
    writeFileSync(config, JSON.stringify(parts));
  };
  write({});
  await certline('ca', 'init', '--development');
  const line = await up();
  line.signal('SIGTERM');
  await line.ended();
  const keys = join(folder, 'station-keys');
  writeFileSync(keys, await certline('station', 'export'));
  write({ stationKeysFile: keys });
});

afterAll(() => {
  if (mounted) spawnSync('umount', [disk]);
});

describe.skipIf(!mounted)(`where the disk is full${reason}`, () => {
  it('a line that runs goes on, says why a manifest waits, and takes it when there is room', async () => {
    const line = await up();
    fillDisk(ballast);
    writeFileSync(join(inbox, 'lot.csv'), MANIFEST);
    await until('it says so', () => line.output.includes('lot.csv: ') && line.output.includes('full'));
    expect(line.output).toMatch(/^lot\.csv: .*the disk is full: free some space/m);
    expect(line.isRunning).toBe(true);
    rmSync(ballast);
    await until('it is answered', () => existsSync(join(inbox, 'lot.rejected.csv')));
    expect(readFileSync(join(inbox, 'lot.rejected.csv'), 'utf8')).toContain('MANIFEST_ORDER');
    line.signal('SIGTERM');
    expect(await line.ended()).toBe(0);
  });

  it('a line does not start: status 50, one sentence, and nothing left running', async () => {
    fillDisk(ballast);
    const line = start(['up']);
    expect(await line.ended()).toBe(50);
    expect(sentences(line)).toEqual([expect.stringMatching(FULL)]);
    expect(processesOfState()).toEqual([]);
  });

  it('nor does its server where there is no room for the database of the server', async () => {
    const tiny = join(folder, 'tiny');
    mkdirSync(tiny);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', tiny]).status).toBe(0);
    onTestFinished(() => void spawnSync('umount', ['--lazy', tiny]));
    const line = new LineProcess(['demo', '--state', join(tiny, 'state')], {});
    expect(await line.ended()).toBe(50);
    expect(line.output).toMatch(/does not start on .*no space left on the device: free some space/s);
  });

  it.each(['orchestrator', 'signer', 'station'])('the role %s does not start either', async (role) => {
    fillDisk(ballast);
    const { address, namespace } = await testServer(SEARCH_ATTRIBUTES);
    const server = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
    const started = start(['worker', role], server);
    expect(await started.ended()).toBe(50);
    expect(sentences(started)).toEqual([expect.stringMatching(FULL)]);
    expect(processesOfState()).toEqual([]);
  });
});

/** What the program says of the failure; that it cannot write its log is beside the point. */
function sentences({ output }: LineProcess): string[] {
  const said = output.split('\n').filter((line) => line.startsWith('certline: '));
  return said.filter((line) => !line.includes('cannot write the log'));
}
