import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { BOARD_SPEEDS } from '../../../simulator/board/board-speed.ts';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import { VirtualLine } from '../../../simulator/line/virtual-line.ts';
import type { VirtualLineOptions } from '../../../simulator/line/virtual-line.ts';
import { SerialClient, until } from '../smp/serial-client.ts';
import { close, download, echo, frame, request, shell, status, upload } from '../smp/wire.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const KEY = '/lfs1/credentials/key.der';
const ECHO_X = '0b00000600000100bf61726178ff';

async function newLine(more: Partial<VirtualLineOptions> = {}): Promise<VirtualLine> {
  const line = await VirtualLine.start({
    directory: temporaryFolder(),
    stations: [{ id: 'st-1', sockets: ['1', '2'] }],
    speed: 'instant',
    ...more,
  });
  onTestFinished(() => line.stop());
  return line;
}

async function boardAndClient(more: Partial<VirtualLineOptions> = {}) {
  const line = await newLine(more);
  const board = line.insertBoard('st-1', '1');
  const client = await SerialClient.open(line.portPath('st-1', '1'));
  return { line, board, client };
}

describe('a board behind a real pseudo-terminal', () => {
  it('has a stable name only while it is in its socket', async () => {
    const line = await newLine();
    const path = line.portPath('st-1', '1');
    expect(existsSync(path)).toBe(false);
    line.insertBoard('st-1', '1');
    expect(readlinkSync(path)).toMatch(/^\/dev\//);
    await line.removeBoard('st-1', '1');
    expect(() => readlinkSync(path)).toThrow('ENOENT');
  });

  it('answers literal frames in literal bytes', async () => {
    const { client } = await boardAndClient();
    client.send('\x06\x09AAsIAAABAABCBqAA3g==\n');
    await until(() => client.received.includes('\n'));
    expect(client.received.toString('latin1')).toBe(
      '\x06\x09ACMJAAAZAABCBr9oYnVmX3NpemUZAYBpYnVmX2NvdW50BP9chg==\n',
    );
  });

  it('takes a client that closes and opens again, and echoes nothing back at the board', async () => {
    const { line, client } = await boardAndClient();
    expect(await client.ask(echo('x'))).toBe(ECHO_X);
    await client.close();
    const again = await SerialClient.open(line.portPath('st-1', '1'));
    expect(await again.ask(echo('x'))).toBe(ECHO_X);
    expect(line.fixture('st-1', '1').uart?.drops).toEqual([]);
    expect(line.fixture('st-1', '1').uart?.pendingBytes).toBe(0);
  });

  it('writes and reads a file of several chunks', async () => {
    const { client, board } = await boardAndClient();
    await client.ask(shell('fs mkdir /lfs1/credentials'));
    const bytes = Buffer.from(Array.from({ length: 254 }, (_, index) => index));
    expect(await client.ask(upload(KEY, 0, bytes.subarray(0, 120), 254))).toBe(
      '0b00000800080100bf636f66661878ff',
    );
    expect(await client.ask(upload(KEY, 120, bytes.subarray(120, 240)))).toBe(
      '0b00000800080100bf636f666618f0ff',
    );
    expect(await client.ask(upload(KEY, 240, bytes.subarray(240)))).toBe('0b00000800080100bf636f666618feff');
    expect(readFileSync(join(board.directory, KEY))).toEqual(bytes);
    expect(await client.ask(download(KEY, 0))).toContain(bytes.toString('hex'));
  });

  it('loses the third line of a burst, and the request with it', async () => {
    // The work queue is slow: what the tty delivers in two reads is a burst all the same.
    const { line, client } = await boardAndClient({
      speed: { ...BOARD_SPEEDS.instant, lineHandlingMs: 200 },
    });
    client.send(frame(echo('y'.repeat(180))).join(''));
    expect(await until(() => line.fixture('st-1', '1').uart?.drops[0])).toBe('no-line-buffer');
    expect(await client.insist(echo('x'))).toBe(ECHO_X);
    expect(new Set(client.messages)).toEqual(new Set([ECHO_X]));
  });

  it('takes the same request over a line with a baud rate, and needs the wire time', async () => {
    const { client } = await boardAndClient({ speed: { ...BOARD_SPEEDS.instant, baudRate: 115_200 } });
    const message = echo('y'.repeat(180));
    const start = performance.now();
    expect(await client.ask(message)).toContain('79'.repeat(180));
    // 10 bits a byte: at 115200 baud the request's lines and the answer's cannot have passed sooner.
    const wireBytes = frame(message).join('').length + client.received.length;
    expect(performance.now() - start).toBeGreaterThan(((wireBytes * 10) / 115_200) * 1000 - 2);
  });

  it('looks unplugged to the client when the board is taken out', async () => {
    const { line, client } = await boardAndClient();
    await client.ask(echo('x'));
    await line.removeBoard('st-1', '1');
    expect(await until(() => client.disconnected)).toBe(true);
  });

  it('serves the other boards while the client of one does not read', async () => {
    const { line, client } = await boardAndClient();
    client.port.pause();
    const [oneLine = ''] = frame(echo('z'.repeat(60)));
    // More than the tty (4 KiB) and the kernel behind it (64 KiB) hold.
    for (let i = 0; i < 1500; i++) {
      client.send(oneLine);
      if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    line.insertBoard('st-1', '2');
    const other = await SerialClient.open(line.portPath('st-1', '2'));
    expect(await other.ask(echo('x'))).toBe(ECHO_X);
  });

  it('crashes for want of packet buffers and lives again after a power cycle', async () => {
    const events: string[] = [];
    const { line, client, board } = await boardAndClient({ log: ({ event }) => events.push(event) });
    client.send(frame(shell('kernel sleep 60000'))[0] ?? '');
    await until(() => {
      client.send(frame(echo('a'))[0] ?? '');
      return line.fixture('st-1', '1').uart?.crashed;
    });
    expect(events).toContain('firmware-crashed');
    await line.removeBoard('st-1', '1');
    line.insertBoard('st-1', '1', board);
    const again = await SerialClient.open(line.portPath('st-1', '1'));
    expect(await again.ask(echo('x'))).toBe(ECHO_X);
  });

  it('restarts with its banner after os reset, deaf while it boots', async () => {
    const { client } = await boardAndClient({
      profile: { ...FIRMWARE_PROFILES.factory, consoleOnUart: true },
    });
    const banner = '*** Booting Zephyr OS build v4.4.0 ***\r\n';
    await client.ask(request(2, 0, 5, 'a0'));
    await until(() => client.received.includes(banner));
    expect(await client.ask(echo('x'))).toBe(ECHO_X);
  });
});

describe('faults on the wire', () => {
  it('loses, repeats and corrupts exactly the nth', async () => {
    const { line, client } = await boardAndClient();
    line.setFault('st-1', '1', { kind: 'lose-answer', nth: 2 });
    await client.ask(echo('x'));
    client.send(frame(echo('y'))[0] ?? '');
    expect(await client.ask(echo('x'))).toBe(ECHO_X);
    expect(client.messages).toEqual([ECHO_X, ECHO_X]);
    line.setFault('st-1', '1', { kind: 'duplicate-answer', nth: 1 });
    await client.ask(echo('x'));
    await until(() => client.messages.length === 4);
    line.setFault('st-1', '1', { kind: 'lose-request', nth: 1 });
    client.send(frame(echo('y'))[0] ?? '');
    await client.ask(echo('x'));
    expect(client.messages).toHaveLength(5);
    line.setFault('st-1', '1', { kind: 'corrupt-answer', nth: 1, at: 5 });
    client.send(frame(echo('x'))[0] ?? '');
    await until(() => client.received.toString('latin1').split('\n').length === 7);
    expect(() => client.messages).toThrow('wrong CRC');
    expect(line.board('st-1', '1')?.faults.list).toEqual([]);
  });

  it('sends an old answer first, or half a one', async () => {
    const { line, client } = await boardAndClient();
    await client.ask(echo('x', 7));
    line.setFault('st-1', '1', { kind: 'stale-answer', nth: 1 });
    client.send(frame(echo('x', 8))[0] ?? '');
    await until(() => client.messages.length === 3);
    expect(client.messages.map((message) => message.slice(12, 14))).toEqual(['07', '07', '08']);
    client.received = Buffer.alloc(0);
    line.setFault('st-1', '1', { kind: 'cut-answer', nth: 1, bytes: 10 });
    client.send(frame(echo('x', 9))[0] ?? '');
    await until(() => client.received.length === 10);
    // The next answer is glued to the torn one; the one after it is whole.
    client.send(frame(echo('x', 10))[0] ?? '');
    expect(await client.ask(echo('x', 11))).toBe('0b00000600000b00bf61726178ff');
  });

  it.each(['before', 'between', 'inside'])('puts log text %s', async (where) => {
    const { line, client } = await boardAndClient();
    line.setFault('st-1', '1', { kind: 'log-noise', where, text: '<inf> noise\r\n' });
    client.send(frame(echo('y'.repeat(100))).join(''));
    await until(() => client.received.includes('<inf> noise'));
    line.clearFaults('st-1', '1');
    await client.ask(echo('x'));
    const heard = client.received.toString('latin1');
    const noise = heard.indexOf('<inf> noise');
    const first = heard.indexOf('\x06\x09');
    const second = heard.indexOf('\x04\x14');
    const order = {
      before: noise < first,
      between: first < noise && heard[noise - 1] === '\n' && noise < second,
      inside: first < noise && heard[noise - 1] !== '\n',
    };
    expect(order[where as keyof typeof order]).toBe(true);
  });

  it('is silent until it is mended', async () => {
    const { line, client, board } = await boardAndClient();
    const requests = vi.spyOn(board.faults, 'onRequest');
    line.setFault('st-1', '1', { kind: 'silent' });
    client.send(frame(echo('y'))[0] ?? '');
    await until(() => requests.mock.calls.length === 1);
    line.clearFaults('st-1', '1', 'silent');
    await client.ask(echo('x'));
    expect(client.messages).toEqual([ECHO_X]);
  });

  it('resets instead of handling the nth request', async () => {
    const { line, client } = await boardAndClient();
    line.setFault('st-1', '1', { kind: 'reset', nth: 2 });
    await client.ask(upload('/lfs1/a', 0, Buffer.from('abc'), 6));
    client.send(frame(upload('/lfs1/a', 3, Buffer.from('def')))[0] ?? '');
    await until(() => line.board('st-1', '1')?.faults.list.length === 0);
    expect(await client.insist(status('/lfs1/a'))).toBe('0900000700080101bf636c656e00ff');
  });

  it('is unplugged at a byte of an upload, for good', async () => {
    const { line, client, board } = await boardAndClient();
    line.setFault('st-1', '1', { kind: 'unplug', atUploadByte: 4 });
    await client.ask(upload('/lfs1/a', 0, Buffer.from('abc'), 6));
    client.send(frame(upload('/lfs1/a', 3, Buffer.from('def')))[0] ?? '');
    await until(() => client.disconnected);
    expect(line.boardId('st-1', '1')).toBeUndefined();
    expect(line.tray('reject')).toEqual([board.hardwareId]);
    expect(readFileSync(join(board.directory, 'lfs1/a'))).toHaveLength(0);
  });

  it('comes back with its power kept: the idle close committed half a file', async () => {
    const profile = { ...FIRMWARE_PROFILES.factory, fileIdleCloseMs: 30 };
    const { line, client, board } = await boardAndClient({ profile });
    line.setFault('st-1', '1', { kind: 'unplug', atUploadByte: 4, keepsPower: true, returnAfterMs: 80 });
    await client.ask(upload('/lfs1/a', 0, Buffer.from('abc'), 6));
    client.send(frame(upload('/lfs1/a', 3, Buffer.from('def')))[0] ?? '');
    await until(() => client.disconnected);
    expect(line.boardId('st-1', '1')).toBe(board.hardwareId);
    await until(() => existsSync(line.portPath('st-1', '1')));
    const again = await SerialClient.open(line.portPath('st-1', '1'));
    expect(await again.ask(status('/lfs1/a'))).toBe('0900000700080101bf636c656e03ff');
  });

  it('is planned for the nth board of a socket or of the line', async () => {
    const line = await newLine({
      faults: [
        { station: 'st-1', socket: '1', nth: 2, fault: { kind: 'silent' } },
        { nth: 3, fault: { kind: 'disk-full' } },
      ],
    });
    const kinds = (socket: string): string[] =>
      line.insertBoard('st-1', socket).faults.list.map(({ kind }) => kind);
    expect(kinds('1')).toEqual([]);
    expect(kinds('2')).toEqual([]);
    await line.removeBoard('st-1', '1');
    expect(kinds('1')).toEqual(['silent', 'disk-full']);
  });
});

describe('a line', () => {
  it('has its boards again after a stop, and their files', async () => {
    const { line, client, board } = await boardAndClient();
    await client.ask(upload('/lfs1/a', 0, Buffer.from('abc'), 3));
    const directory = join(line.boardsDirectory, '..');
    await line.stop();
    const again = await newLine({ directory });
    expect(again.boardId('st-1', '1')).toBe(board.hardwareId);
    expect(again.boardId('st-1', '2')).toBeUndefined();
    const other = await SerialClient.open(again.portPath('st-1', '1'));
    expect(await other.ask(status('/lfs1/a'))).toBe('0900000700080101bf636c656e03ff');
  });

  it('remembers every key it was given, trays or not', async () => {
    const { line, client } = await boardAndClient();
    await client.ask(shell('fs mkdir /lfs1/credentials'));
    await client.ask(upload(KEY, 0, Buffer.from('first key'), 9));
    await client.ask(upload(KEY, 0, Buffer.from('second'), 12));
    await client.ask(close());
    await client.ask(upload('/lfs1/other', 0, Buffer.from('no key'), 6));
    await line.removeBoard('st-1', '1', 'done');
    expect(line.writtenKeys().map((key) => Buffer.from(key).toString())).toEqual(['first key', 'second']);
    const [hardwareId = ''] = line.tray('done');
    expect(readFileSync(join(line.boardsDirectory, hardwareId, KEY), 'utf8')).toBe('second');
  });

  it.each(['line', 'l'.repeat(120)])('refuses a second simulator on its directory %s', async (name) => {
    const directory = join(temporaryFolder(), name);
    const line = await newLine({ directory });
    await expect(newLine({ directory })).rejects.toMatchObject({ code: 'SIMULATOR_DIRECTORY_IN_USE' });
    await line.stop();
    await expect(newLine({ directory })).resolves.toBeInstanceOf(VirtualLine);
  });

  it('refuses a second board in a socket and a socket it has not', async () => {
    const { line } = await boardAndClient();
    const code = { code: 'SIMULATOR_NO_SUCH_PLACE' };
    expect(() => line.insertBoard('st-1', '1')).toThrowError(expect.objectContaining(code));
    expect(() => line.insertBoard('st-9', '1')).toThrowError(expect.objectContaining(code));
    expect(() => line.setFault('st-1', '2', { kind: 'silent' })).toThrowError(expect.objectContaining(code));
  });

  it('opens no descriptor that it does not close', async () => {
    const line = await newLine();
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    line.insertBoard('st-1', '1');
    await line.removeBoard('st-1', '1');
    const before = descriptors();
    for (let i = 0; i < 20; i++) {
      line.insertBoard('st-1', '1');
      await line.removeBoard('st-1', '1');
    }
    expect(descriptors()).toBe(before);
  });
});
