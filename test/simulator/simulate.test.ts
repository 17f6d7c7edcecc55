import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { SimulatorReady } from '../../simulator/simulate.ts';
import { SerialClient, until } from './smp/serial-client.ts';
import { download, shell, status, upload } from './smp/wire.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SIMULATE = join(import.meta.dirname, '../../simulator/simulate.ts');
const KEY = '/lfs1/credentials/key.der';

interface Running {
  readonly child: ChildProcess;
  readonly ready: SimulatorReady;
}

function configIn(directory: string): object {
  const stations = [{ id: 'st-1', sockets: ['1', '2'], tileFile: join(directory, 'sockets.json') }];
  return { directory, stations, speed: 'instant', operator: {} };
}

async function simulate(config: object, directory: string, ...flags: string[]): Promise<Running> {
  const file = join(directory, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, [SIMULATE, file, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  return { child, ready: JSON.parse(first) as SimulatorReady };
}

async function clientOf({ ready }: Running): Promise<SerialClient> {
  const [path = ''] = ready.ports;
  await until(() => existsSync(path));
  return SerialClient.open(path);
}

function images(directory: string): string[] {
  return readdirSync(join(directory, 'boards')).sort();
}

describe('a simulator process', () => {
  it('says what it runs, and ends by SIGTERM with its ports gone', async () => {
    const directory = temporaryFolder();
    const running = await simulate(configIn(directory), directory);
    expect(running.ready).toMatchObject({ event: 'ready', pid: running.child.pid, directory });
    await clientOf(running);
    running.child.kill('SIGTERM');
    expect(await once(running.child, 'exit')).toEqual([0, null]);
    expect(readdirSync(join(directory, 'ports'))).toEqual([]);
  });

  it('has the same boards in the same sockets after kill -9, with what was committed', async () => {
    const directory = temporaryFolder();
    const first = await simulate(configIn(directory), directory);
    const client = await clientOf(first);
    await client.ask(shell('fs mkdir /lfs1/credentials'));
    await client.ask(upload(KEY, 0, Buffer.from('whole'), 5));
    await client.ask(upload('/lfs1/credentials/crt.der', 0, Buffer.from('half'), 8));
    await until(() => images(directory).length === 2);
    const before = { line: readFileSync(join(directory, 'line.json'), 'utf8'), images: images(directory) };
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');

    const second = await simulate(configIn(directory), directory);
    expect({ line: readFileSync(join(directory, 'line.json'), 'utf8'), images: images(directory) }).toEqual(
      before,
    );
    const again = await clientOf(second);
    expect(await again.ask(download(KEY, 0))).toContain(Buffer.from('whole').toString('hex'));
    expect(await again.ask(status('/lfs1/credentials/crt.der'))).toBe('0900000700080101bf636c656e00ff');
  });

  it('ends with its parent when it follows it, and stays when it does not', async () => {
    const directory = temporaryFolder();
    const following = await simulate(configIn(directory), directory, '--follow-parent');
    following.child.stdin?.destroy();
    expect(await once(following.child, 'exit')).toEqual([0, null]);

    const staying = await simulate(configIn(directory), directory);
    staying.child.stdin?.destroy();
    const client = await clientOf(staying);
    expect(await client.ask(status('/lfs1/none'))).toContain('62726303');
  });

  it('gives planned faults to the boards it makes', async () => {
    const directory = temporaryFolder();
    const faults = [{ station: 'st-1', socket: '1', nth: 1, fault: { kind: 'unsupported-group', group: 9 } }];
    const running = await simulate({ ...configIn(directory), faults }, directory);
    expect(await (await clientOf(running)).ask(shell('hwinfo devid'))).toContain('bf62726308ff');
  });
});
