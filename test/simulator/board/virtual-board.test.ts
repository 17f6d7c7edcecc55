import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import type { FirmwareProfile } from '../../../simulator/firmware-profile.ts';
import { VirtualBoard } from '../../../simulator/board/virtual-board.ts';
import { close, download, echo, request, shell, status, text, upload } from '../smp/wire.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ID = '00112233445566778899aabbccddeeff';
const KEY = '/lfs1/k';
const abc = Buffer.from('abc');
const def = Buffer.from('def');

function newBoard(profile: FirmwareProfile = FIRMWARE_PROFILES.factory): VirtualBoard {
  const board = VirtualBoard.create(temporaryFolder(), { hardwareId: ID, profile });
  board.start();
  return board;
}

function ask(board: VirtualBoard, message: Uint8Array): string {
  return board
    .handleMessage(message)
    .map((answer) => Buffer.from(answer).toString('hex'))
    .join(' ');
}

/** Hex of an answer's CBOR, without the header. */
function body(board: VirtualBoard, message: Uint8Array): string {
  return ask(board, message).slice(16);
}

const offset = (value: string): string => `bf636f6666${value}ff`;
const size = (value: string): string => `bf636c656e${value}ff`;
const mismatch = (expected: string): string => `bf63657272bf6567726f7570086272630bff636c656e${expected}ff`;
const fsError = (code: string): string => `bf63657272bf6567726f757008627263${code}ffff`;
const output = (value: string, ret: string): string => `bf616f${text(value)}63726574${ret}ff`;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('retransmitted chunks', () => {
  it('takes a single-chunk file again and again', () => {
    const board = newBoard();
    for (let i = 0; i < 3; i++) expect(body(board, upload(KEY, 0, abc, 3))).toBe(offset('03'));
    expect(body(board, download(KEY, 0))).toBe('bf636f666600646461746143616263636c656e03ff');
  });

  it('answers a chunk it has with err 11 and the next offset, and commits what it has', () => {
    const board = newBoard();
    ask(board, upload(KEY, 0, abc, 9));
    ask(board, upload(KEY, 3, def));
    expect(body(board, status(KEY))).toBe(size('00'));
    expect(body(board, upload(KEY, 3, def))).toBe(mismatch('06'));
    expect(body(board, status(KEY))).toBe(size('06'));
  });

  it('forgets the total with that: nothing closes the file at its end', () => {
    const board = newBoard();
    ask(board, upload(KEY, 0, abc, 9));
    ask(board, upload(KEY, 0x99, abc));
    expect(body(board, upload(KEY, 3, def))).toBe(offset('06'));
    expect(body(board, upload(KEY, 6, abc))).toBe(offset('09'));
    expect(body(board, status(KEY))).toBe(size('03'));
    expect(ask(board, close())).toBe('0b00000200080104bfff');
    expect(body(board, status(KEY))).toBe(size('09'));
  });

  it('answers the last chunk again with err 11 and the total', () => {
    const board = newBoard();
    ask(board, upload(KEY, 0, abc, 6));
    ask(board, upload(KEY, 3, def));
    expect(body(board, upload(KEY, 3, def))).toBe(mismatch('06'));
  });

  it('appends a repeated chunk 0 of a new file: the trap', () => {
    const board = newBoard();
    ask(board, upload(KEY, 0, abc, 6));
    expect(body(board, upload(KEY, 0, abc, 6))).toBe(offset('06'));
    expect(body(board, download(KEY, 0))).toBe('bf636f666600646461746146616263616263636c656e06ff');
  });

  it('runs ahead of a repeated chunk 0 of an existing file: the other trap', () => {
    const board = newBoard();
    ask(board, upload(KEY, 0, Buffer.from('old content'), 11));
    ask(board, upload(KEY, 0, abc, 6));
    expect(body(board, upload(KEY, 0, abc, 6))).toBe(offset('06'));
    expect(body(board, status(KEY))).toBe(size('03'));
  });

  it('is safe after the close command', () => {
    const board = newBoard();
    ask(board, upload(KEY, 0, abc, 6));
    ask(board, close());
    expect(body(board, upload(KEY, 0, abc, 6))).toBe(offset('03'));
    expect(body(board, upload(KEY, 3, def))).toBe(offset('06'));
    expect(body(board, status(KEY))).toBe(size('06'));
  });

  it('closes an idle file after 4 s and resumes by its size', () => {
    const board = newBoard();
    ask(board, upload(KEY, 0, abc, 6));
    vi.advanceTimersByTime(3999);
    expect(body(board, status(KEY))).toBe(size('00'));
    vi.advanceTimersByTime(1);
    expect(body(board, status(KEY))).toBe(size('03'));
    expect(body(board, upload(KEY, 3, def))).toBe(offset('06'));
  });

  it('answers version 1 clients with a bare code', () => {
    const board = newBoard();
    ask(board, upload(KEY, 0, abc, 9));
    const wrong = request(2, 8, 0, `a3${text('off')}05${text('name')}${text(KEY)}${text('data')}4178`, 7, 0);
    expect(ask(board, wrong)).toBe('0300000600080700bf62726301ff');
  });
});

describe('the shell group', () => {
  const red = (line: string): string => `\r\n\x1b[1;31m${line}\r\n\x1b[m`;

  it.each([
    ['fs mkdir /lfs1/credentials', output('\r\n', '00')],
    ['fs mkdir /lfs1/credentials/a/b', output(red('Error creating dir[-2]'), '27')],
    ['fs mkdir /lfs1', output(red('Error creating dir[-17]'), '27')],
    ['fs mkdir /nowhere', output(red('Error creating dir[-2]'), '27')],
    ['fs mkdir', output(`${red('mkdir: wrong parameter count')}mkdir - Create directory\r\n`, '35')],
    ['fs ls /lfs1', output('\r\n', '00')],
    ['fs ls /', output('\r\nlfs1/\r\n', '00')],
    ['fs ls /lfs1/none', output(red('Unable to open /lfs1/none (err -2)'), '27')],
    ['fs rm /lfs1/none', output(red('Failed to remove /lfs1/none (-2)'), '27')],
    ['fs statvfs /lfs1', output('\r\nbsize 16, frsize 4096, blocks 256, bfree 254\r\n', '00')],
    ['hwinfo devid', output(`\r\nLength: 16\r\nID: 0x${ID}\r\n`, '00')],
    ['hwinfo deveui64', output(red('Not supported by hardware'), '3857')],
    ['kernel version', output('\r\nZephyr version 4.4.0\r\n', '00')],
    ['nonsense', output(red('nonsense: command not found'), '27')],
  ])('runs "%s"', (line, expected) => {
    expect(body(newBoard(), shell(line))).toBe(expected);
  });

  it('makes a directory once, lists it, and removes it only when it is empty', () => {
    const board = newBoard();
    ask(board, shell('fs mkdir /lfs1/credentials'));
    expect(body(board, shell('fs mkdir /lfs1/credentials'))).toBe(
      output(red('Error creating dir[-17]'), '27'),
    );
    ask(board, upload('/lfs1/credentials/key.der', 0, abc, 3));
    ask(board, upload('/lfs1/b', 0, abc, 3));
    expect(body(board, shell('fs ls /lfs1'))).toBe(output('\r\nb\r\ncredentials/\r\n', '00'));
    expect(body(board, shell('fs rm /lfs1/credentials'))).toContain(Buffer.from('(-90)').toString('hex'));
    expect(body(board, shell('fs rm /lfs1/credentials/key.der'))).toBe(output('\r\n', '00'));
    expect(body(board, shell('fs rm /lfs1/credentials'))).toBe(output('\r\n', '00'));
    expect(body(board, status('/lfs1/credentials'))).toBe(fsError('03'));
  });

  it('does not answer a reboot, and what was not committed is gone', () => {
    const board = newBoard();
    let resets = 0;
    board.events.onReset = () => resets++;
    ask(board, upload(KEY, 0, abc, 6));
    expect(ask(board, shell('kernel reboot cold'))).toBe('');
    expect(resets).toBe(1);
    expect(body(board, status(KEY))).toBe(size('00'));
  });

  it('answers os reset and restarts 250 ms later', () => {
    const board = newBoard();
    let resets = 0;
    board.events.onReset = () => resets++;
    expect(ask(board, request(2, 0, 5, 'a0'))).toBe('0b00000200000105bfff');
    vi.advanceTimersByTime(249);
    expect(resets).toBe(0);
    vi.advanceTimersByTime(1);
    expect(resets).toBe(1);
  });
});

describe('firmware builds', () => {
  it('answers rc 8 for what stock Golioth firmware has not', () => {
    const board = newBoard(FIRMWARE_PROFILES.golioth);
    expect(ask(board, request(0, 0, 6, 'a0'))).toBe('0900000600000106bf62726308ff');
    expect(ask(board, echo('x'))).toBe('0b00000600000100bf62726308ff');
    expect(ask(board, request(0, 8, 2, `a1${text('name')}${text(KEY)}`))).toBe(
      '0900000600080102bf62726308ff',
    );
    expect(body(board, shell('hwinfo devid'))).toContain(
      Buffer.from('hwinfo: command not found').toString('hex'),
    );
  });

  it('answers bare codes before Zephyr 3.4, whatever the client speaks', () => {
    const board = newBoard(FIRMWARE_PROFILES['zephyr-3.3']);
    expect(ask(board, status('/lfs1/none'))).toBe('0900000600080101bf62726305ff');
    expect(ask(board, close())).toBe('0b00000600080104bf62726308ff');
  });

  it('can refuse version 1', () => {
    const board = newBoard({ ...FIRMWARE_PROFILES.factory, originalProtocol: false });
    expect(ask(board, request(0, 0, 6, 'a0', 1, 0))).toBe('0100000600000106bf6272630cff');
  });

  it('makes its directories when it starts', () => {
    const board = newBoard({ ...FIRMWARE_PROFILES.factory, bootDirectories: ['/lfs1/credentials'] });
    expect(body(board, upload('/lfs1/credentials/key.der', 0, abc, 3))).toBe(offset('03'));
  });

  it('answers rc 7 where an answer does not fit', () => {
    const board = newBoard({ ...FIRMWARE_PROFILES.factory, netBufSize: 96 });
    expect(body(board, shell('kernel'))).toBe('bf62726307ff');
  });

  it('answers rc 2 when no packet buffer is left for the answer', () => {
    const [answer = new Uint8Array()] = newBoard().handleMessage(echo('x'), false);
    expect(Buffer.from(answer).toString('hex')).toBe('0b00000600000100bf62726302ff');
  });
});

describe('the flash image', () => {
  it('holds committed files alone, readable by their owner alone', () => {
    const board = newBoard();
    ask(board, shell('fs mkdir /lfs1/credentials'));
    ask(board, upload('/lfs1/credentials/key.der', 0, abc, 6));
    const image = join(board.directory, 'lfs1/credentials/key.der');
    expect(readFileSync(image)).toEqual(Buffer.alloc(0));
    ask(board, upload('/lfs1/credentials/key.der', 3, def));
    expect(readFileSync(image, 'utf8')).toBe('abcdef');
    expect(statSync(image).mode & 0o777).toBe(0o600);
    expect(readdirSync(board.directory).sort()).toEqual(['board.json', 'lfs1']);
  });

  it('keeps the old content through a power cut', () => {
    const board = newBoard();
    ask(board, upload(KEY, 0, abc, 3));
    ask(board, upload(KEY, 0, def, 6));
    board.stop();
    const again = VirtualBoard.open(join(board.directory, '..'), ID);
    again.start();
    expect(body(again, download(KEY, 0))).toBe('bf636f666600646461746143616263636c656e03ff');
  });

  it('tells of every content that it was given to store', () => {
    const written: string[] = [];
    const board = newBoard();
    board.events.onWritten = (path, content) => written.push(`${path} ${Buffer.from(content).toString()}`);
    ask(board, upload(KEY, 0, abc, 3));
    ask(board, upload(KEY, 0, def, 6));
    board.stop();
    expect(written).toEqual([`${KEY} abc`, `${KEY} def`]);
  });

  it('refuses a directory that holds no board', () => {
    expect(() => VirtualBoard.open(temporaryFolder(), ID)).toThrowError(
      expect.objectContaining({ code: 'SIMULATOR_CONFIG_INVALID' }),
    );
  });
});

describe('faults of a board', () => {
  it('survive the simulator and end when they are cleared', () => {
    const board = newBoard();
    board.setFault({ kind: 'disk-full' });
    const again = VirtualBoard.open(join(board.directory, '..'), ID);
    again.start();
    expect(body(again, upload(KEY, 0, Buffer.alloc(100), 100))).toBe(fsError('0a'));
    again.clearFaults();
    expect(body(again, upload(KEY, 0, Buffer.alloc(100), 100))).toBe(offset('1864'));
  });

  it('acknowledge and forget', () => {
    const board = newBoard();
    board.setFault({ kind: 'forget-writes', path: KEY });
    expect(body(board, upload(KEY, 0, abc, 3))).toBe(offset('03'));
    expect(body(board, status(KEY))).toBe(size('00'));
  });

  it('run out of space at the close: 4.4 says so, older firmware does not', () => {
    const board = newBoard();
    board.setFault({ kind: 'full-at-close' });
    expect(body(board, upload(KEY, 0, abc, 3))).toBe(fsError('11'));
    ask(board, upload(KEY, 0, abc, 6));
    expect(body(board, close())).toBe('bf62726307ff');
    const old = newBoard(FIRMWARE_PROFILES['zephyr-3.3']);
    old.setFault({ kind: 'full-at-close' });
    expect(body(old, upload(KEY, 0, abc, 3))).toBe(offset('03'));
    expect(body(old, status(KEY))).toBe(size('00'));
  });

  it('flip a stored bit', () => {
    const board = newBoard();
    board.setFault({ kind: 'flip-stored-byte', path: KEY, at: 0 });
    ask(board, upload(KEY, 0, abc, 3));
    expect(readFileSync(join(board.directory, 'lfs1/k'), 'utf8')).toBe('`bc');
  });

  it('lack a group', () => {
    const board = newBoard();
    board.setFault({ kind: 'unsupported-group', group: 9 });
    expect(body(board, shell('hwinfo devid'))).toBe('bf62726308ff');
    board.clearFaults('unsupported-group');
    expect(body(board, shell('hwinfo devid'))).toContain(Buffer.from(ID).toString('hex'));
  });

  it('belong to another product', () => {
    const board = newBoard();
    const ask7 = request(0, 0, 7, `a1${text('format')}${text('iv')}`);
    board.setFault({ kind: 'wrong-product', platform: 'toaster', version: '9.9.9' });
    expect(body(board, ask7)).toBe(`bf666f7574707574${text('9.9.9 toaster')}ff`);
  });

  it('refuse a path', () => {
    const board = newBoard();
    board.setFault({ kind: 'not-writable', path: KEY });
    expect(body(board, upload(KEY, 0, abc, 3))).toBe('bf6272630bff');
    expect(body(board, status(KEY))).toBe(fsError('03'));
  });

  it('carry the credentials of a foreign line', async () => {
    const { X509Certificate, createPrivateKey } = await import('node:crypto');
    const board = newBoard();
    board.setFault({ kind: 'foreign-certificate' });
    const read = (name: string): Buffer => readFileSync(join(board.directory, 'lfs1/credentials', name));
    const certificate = new X509Certificate(read('crt.der'));
    const key = createPrivateKey({ key: read('key.der'), format: 'der', type: 'sec1' });
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(key)).toBe(true);
  });
});
