import { once } from 'node:events';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { boardFailure } from '../../../cli/board/board-failure.ts';
import { boardPort } from '../../../cli/board/board-port.ts';
import { CredentialFiles } from '../../../fixtures/board/credential-files.ts';
import { plain, plainLines } from '../../../cli/board/plain.ts';
import { barLine } from '../../../cli/board/transfer-bar.ts';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import type { BoardFault } from '../../../simulator/faults.ts';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import type { FirmwareName, FirmwareProfile } from '../../../simulator/firmware-profile.ts';
import { makeForeignCredentials } from '../../../simulator/board/foreign-credentials.ts';
import type { VirtualBoard } from '../../../simulator/board/virtual-board.ts';
import { VirtualLine } from '../../../simulator/line/virtual-line.ts';
import { openSerialLink } from '../../../smp/links/serial-link.ts';
import { SmpError } from '../../../smp/smp-error.ts';
import { openLineCa } from '../../../line/ca.ts';
import { freshTbs, signTbs } from '../../pki/leaf.ts';
import { openPseudoTerminal } from '../../support/pseudo-terminal.ts';
import { cannotRun, reason, startZephyr } from '../../smp/zephyr/zephyr-server.ts';
import { until } from '../../support/until.ts';
import { parseLineConfig } from '../../../line/config.ts';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';
import type { Ended, Place } from '../../support/certline.ts';
import { startAtTerminal } from '../../support/terminal.ts';

const KEY_PATH = '/lfs1/credentials/key.der';
const CERTIFICATE_PATH = '/lfs1/credentials/crt.der';

interface Bench {
  readonly place: Place;
  readonly board: VirtualBoard;
  readonly port: string;
  /** Runs `certline board VERB PORT …`. */
  readonly run: (verb: string, ...rest: string[]) => Promise<Ended>;
  /** A file of this host. */
  file(name: string, content: Uint8Array | string): string;
  /** What the board holds, undefined for nothing. */
  onBoard(path: string): Buffer | undefined;
}

/** A virtual board that answers at once, behind a real pseudo-terminal. */
async function startBench(
  firmware: FirmwareName = 'factory',
  fault?: BoardFault,
  more: Partial<FirmwareProfile> = {},
): Promise<Bench> {
  const place = newPlace();
  const line = await VirtualLine.start({
    directory: join(place.folder, 'line'),
    stations: [{ id: 'st', sockets: ['1'] }],
    speed: 'instant',
    profile: { ...FIRMWARE_PROFILES[firmware], ...more },
  });
  onTestFinished(() => line.stop());
  const board = line.insertBoard('st', '1');
  if (fault !== undefined) line.setFault('st', '1', fault);
  const port = line.portPath('st', '1');
  return {
    place,
    board,
    port,
    run: (verb, ...rest) => place.certline('board', verb, port, ...rest),
    file: (name, content) => {
      writeFileSync(join(place.folder, name), content);
      return join(place.folder, name);
    },
    onBoard: (path) => {
      const host = join(board.directory, path);
      return existsSync(host) ? readFileSync(host) : undefined;
    },
  };
}

/** What a board has committed lies in plain files. */
function provision({ board }: Bench, key: Uint8Array, certificate: Uint8Array): void {
  mkdirSync(join(board.directory, 'lfs1/credentials'), { recursive: true });
  writeFileSync(join(board.directory, KEY_PATH), key);
  writeFileSync(join(board.directory, CERTIFICATE_PATH), certificate);
}

function newKey(): Buffer {
  return generateDeviceKey()
    .exportKeyFile('sec1')
    .use((bytes) => Buffer.from(bytes));
}

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

interface Report {
  hardwareId: string | null;
  firmware: { kernel: string | null; platform: string | null };
  buffers: object | null;
  groups: { group: number }[];
  fileSystems: object[];
  credentials: { class: string; keyBytes: number | null; certificate: { subject: string } | null }[];
  notTold: Record<string, string>;
}

describe('certline board probe', () => {
  it('says what is on a board of ours, and nothing of its key', async () => {
    const bench = await startBench();
    const blank = json(await bench.run('probe', '--json')) as Report;
    expect(blank).toMatchObject({
      port: bench.port,
      hardwareId: bench.board.hardwareId,
      firmware: { kernel: 'Zephyr 4.4.0', platform: 'certline_virtual/nrf52840', bootloader: null },
      buffers: { bytes: 384, count: 4, largestMessageBytes: 380 },
      fileSystems: [{ mount: '/lfs1', totalBytes: 1_048_576 }],
      credentials: [{ class: 'blank', keyBytes: null, certificate: null }],
      line: { damaged: 0, stray: 0 },
    });
    expect(new Set(blank.groups.map(({ group }) => group))).toEqual(new Set([0, 8, 9, 10]));
    expect(blank.notTold['images']).toContain('CONFIG_MCUMGR_GRP_IMG');

    expect(await bench.place.certline('ca', 'init', '--development')).toMatchObject({ status: 0 });
    const ca = openLineCa(bench.place.state);
    const key = newKey();
    const certificate = await signTbs(ca, await freshTbs(ca, 'CL-000017'));
    provision(bench, key, certificate);
    const ours = await bench.run('probe');
    expect(ours).toMatchObject({ status: 0, stderr: '' });
    expect(ours.stdout).toMatch(new RegExp(`^Hardware id +${bench.board.hardwareId}$`, 'm'));
    expect(ours.stdout).toMatch(/^Credentials +complete: key and certificate of ours \(golioth-node\)$/m);
    expect(ours.stdout).toMatch(/^Key +\/lfs1\/credentials\/key\.der, 121 bytes, not read$/m);
    expect(ours.stdout).toMatch(/^Subject +.*CL-000017/m);
    expect(ours.stdout).toContain(sha256(certificate));
    expect(ours.stdout).not.toContain(sha256(key));
  });

  it('tells foreign, unfinished and unjudged credentials apart', async () => {
    const bench = await startBench();
    const { key, certificate } = makeForeignCredentials();
    provision(bench, key, certificate);
    const without = json(await bench.run('probe', '--json')) as Report;
    expect(without.credentials).toMatchObject([
      {
        class: 'unjudged',
        keyBytes: key.length,
        certificate: { subject: expect.stringMatching(/^CN=ELSEWHERE-/) },
      },
    ]);
    await bench.place.certline('ca', 'init', '--development');
    const foreign = json(await bench.run('probe', '--json')) as Report;
    expect(foreign.credentials).toMatchObject([{ class: 'foreign', certificate: { issuedByUs: false } }]);
    const cut = await bench.run(
      'put',
      bench.file('cut', certificate.subarray(0, 90)),
      CERTIFICATE_PATH,
      '--yes',
    );
    expect(cut).toMatchObject({ status: 0 });
    const partial = json(await bench.run('probe', '--json')) as Report;
    expect(partial.credentials).toMatchObject([
      { class: 'partial', certificateBytes: 90, certificate: null },
    ]);
  });

  it.each(['golioth', 'zephyr-3.3', 'native-sim'] as const)(
    'names the options that the firmware %s lacks',
    async (firmware) => {
      const bench = await startBench(firmware);
      const ended = await bench.run('probe', '--json');
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      const { notTold, groups, credentials, hardwareId } = json(ended) as Report;
      expect(groups.map(({ group }) => group)).toEqual(expect.arrayContaining([8, 9]));
      expect(credentials).toMatchObject([{ class: 'blank' }]);
      for (const why of Object.values(notTold)) expect(why).toMatch(/CONFIG_/);
      const absent = { golioth: 'kernel', 'zephyr-3.3': 'groups', 'native-sim': 'fileSystem /lfs1' }[
        firmware
      ];
      expect(notTold).toHaveProperty([absent]);
      expect(hardwareId === null).toBe('hardwareId' in notTold);
    },
  );

  it('shows what it knows of a board that falls silent', async () => {
    const bench = await startBench();
    const answer = bench.board.handleMessage.bind(bench.board);
    let requests = 0;
    bench.board.handleMessage = (...request) => (++requests > 8 ? [] : answer(...request));
    const ended = await bench.run('probe');
    expect(ended.status).toBe(23);
    expect(ended.stdout).toContain(bench.board.hardwareId);
    expect(ended.stderr).toMatch(/^certline: .*no answer.*\n$/);
  });
});

describe('certline board put, get, hash, ls and rm', () => {
  it('move files there and back', async () => {
    const bench = await startBench();
    const content = randomBytes(700);
    const put = await bench.run('put', bench.file('in.bin', content), '/lfs1/a/b/settings.bin');
    expect(put).toMatchObject({
      status: 0,
      stdout: '/lfs1/a/b/settings.bin: 700 bytes, written and read back\n',
      stderr: '',
    });
    expect(bench.onBoard('/lfs1/a/b/settings.bin')).toEqual(content);

    const out = join(bench.place.folder, 'out.bin');
    const got = await bench.run('get', '/lfs1/a/b/settings.bin', out, '--json');
    expect(json(got)).toMatchObject({ file: out, bytes: 700, sha256: sha256(content) });
    expect(readFileSync(out)).toEqual(content);
    const again = await bench.run('get', '/lfs1/a/b/settings.bin', out);
    expect(again).toMatchObject({ status: 6, stderr: expect.stringContaining('out.bin exists') });

    const hashed = await bench.run('hash', '/lfs1/a/b/settings.bin');
    expect(hashed.stdout).toBe(`${sha256(content)}  /lfs1/a/b/settings.bin\n`);
    const listed = await bench.run('ls', '/lfs1/a/b');
    expect(listed.stdout).toBe('bytes  path\n  700  /lfs1/a/b/settings.bin\n');
    expect(json(await bench.run('ls', '--json'))).toMatchObject({
      directories: [{ path: '/lfs1', entries: [{ name: 'a', isDirectory: true, bytes: null }] }],
    });

    // A board can hold names that are longer than what it takes in a question.
    const longName = 'n'.repeat(60);
    writeFileSync(join(bench.board.directory, 'lfs1/a/b', longName), 'x');
    expect((await bench.run('ls', '/lfs1/a/b')).stdout).toContain(`       /lfs1/a/b/${longName}\n`);

    rmSync(join(bench.board.directory, 'lfs1/a/b', longName));

    const removed = await bench.run('rm', '/lfs1/a/b/settings.bin', '--yes');
    expect(removed).toMatchObject({ status: 0, stderr: '' });
    expect(bench.onBoard('/lfs1/a/b/settings.bin')).toBeUndefined();
    expect(await bench.run('rm', '/lfs1/a/b', '--yes')).toMatchObject({ status: 0 });
  });

  it('say what is not there, with status 5', async () => {
    const bench = await startBench();
    for (const command of [
      ['get', '/lfs1/none'],
      ['hash', '/lfs1/none'],
      ['ls', '/lfs1/none'],
      ['rm', '/lfs1/none', '--yes'],
      ['put', join(bench.place.folder, 'none'), '/lfs1/none'],
    ] as const) {
      const [verb, ...rest] = command;
      const ended = await bench.run(verb, ...rest);
      expect({ verb, status: ended.status, stdout: ended.stdout }).toEqual({ verb, status: 5, stdout: '' });
      expect(ended.stderr).toMatch(/^certline: [^\n]*none[^\n]*\n$/);
    }
  });

  it('say why a file of this host cannot be written to a board, and what to give', async () => {
    const { place } = await startBench();
    for (const [file, why] of [
      [join(place.folder, 'none'), 'there is no such file'],
      [place.folder, 'it is a folder'],
    ] as const) {
      const { status, stderr } = await place.certline('board', 'put', '/dev/null', file, '/lfs1/none');
      expect(status).toBe(5);
      expect(stderr).toContain(`The file ${file} cannot be read (${why}): give a file of this host`);
    }
  });

  it('refuse what is no path on a board, with status 2', async () => {
    const bench = await startBench();
    for (const path of ['relative', '/', `/lfs1/${'x'.repeat(64)}`]) {
      const { status, stderr } = await bench.run('get', path);
      expect({ path, status }).toEqual({ path, status: 2 });
      expect(stderr).toContain('is not a path on a board');
    }
  });

  it('show a bar at a terminal while a long transfer lasts', async () => {
    const bench = await startBench();
    const content = randomBytes(200 * 1_024);
    const file = bench.file('image', content);
    const putting = startAtTerminal(bench.place, ['board', 'put', bench.port, file, '/lfs1/image']);
    expect(await putting.ended).toBe(0);
    expect(putting.screen()).toMatch(/█+░+ {2}\/lfs1\/image {2}\d+\.\d of 200\.0 KiB, \d+\.\d KiB\/s/);
    await until('it says so', () => putting.screen().includes('written and read back'));
    expect(bench.onBoard('/lfs1/image')).toEqual(content);
  });

  it('leave the board clean when they are interrupted, and say what is on it', async () => {
    const bench = await startBench();
    const answer = bench.board.handleMessage.bind(bench.board);
    let requests = 0;
    bench.board.handleMessage = (...request) => {
      requests += 1;
      return answer(...request);
    };
    const file = bench.file('image', randomBytes(200 * 1_024));
    const child = bench.place.start(
      ['board', 'put', bench.port, file, '/lfs1/image'],
      ['ignore', 'ignore', 'pipe'],
    );
    let stderr = '';
    child.stderr!.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    await until('it is under way', () => requests > 50);
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(130);
    expect(stderr).toMatch(/^certline: .* only a beginning of the file: put it again\.\n$/);
    expect(await bench.run('put', bench.file('small', 'x'), '/lfs1/image')).toMatchObject({ status: 0 });
    expect(bench.onBoard('/lfs1/image')).toEqual(Buffer.from('x'));
  });

  it('name the option that is missing for a command, with status 23', async () => {
    const noShell = await startBench('factory', { kind: 'unsupported-group', group: 9 });
    const ls = await noShell.run('ls');
    expect(ls).toMatchObject({ status: 23, stderr: expect.stringContaining('CONFIG_FILE_SYSTEM_SHELL') });
    const shell = await noShell.run('shell', 'kernel', 'version');
    expect(shell).toMatchObject({ status: 23, stderr: expect.stringContaining('CONFIG_MCUMGR_GRP_SHELL') });
    const noOs = await startBench('golioth');
    const reset = await noOs.run('reset', '--yes');
    expect(reset).toMatchObject({ status: 23, stderr: expect.stringContaining('CONFIG_REBOOT') });
    for (const { stderr } of [ls, shell, reset]) expect(stderr.split('\n')).toHaveLength(2);
  });

  it('say when the file system is full, and what became of the file', async () => {
    const bench = await startBench('native-sim');
    const { status, stderr } = await bench.run('put', bench.file('big', randomBytes(40_000)), '/lfs1/big');
    expect(status).toBe(23);
    expect(stderr).toMatch(/^certline: .*full.* only a beginning of the file.*\n$/);
  });
});

describe('a private key on a board', () => {
  it('is neither fetched nor shown, under whatever name', async () => {
    const bench = await startBench();
    const key = newKey();
    provision(bench, key, makeForeignCredentials().certificate);
    writeFileSync(join(bench.board.directory, 'lfs1/innocent.bin'), key);
    const attempts = [
      ['get', KEY_PATH],
      ['get', KEY_PATH, '-'],
      ['get', '/lfs1//credentials/../credentials/KEY.der', '-'],
      ['get', '/lfs1/innocent.bin', '-'],
      ['get', '/lfs1/innocent.bin', join(bench.place.folder, 'stolen')],
      ['shell', 'fs', 'read', KEY_PATH],
      ['shell', 'fs read "key.der"'],
    ] as const;
    for (const [verb, ...rest] of attempts) {
      const { status, stdout, stderr } = await bench.run(verb, ...rest);
      expect({ rest, status, stdout }).toEqual({ rest, status: 6, stdout: '' });
      expect(stderr).toContain('is a private key: it stays on the board');
      expect(stderr.split('\n')).toHaveLength(2);
    }
    expect(existsSync(join(bench.place.folder, 'stolen'))).toBe(false);
    expect((await bench.run('hash', KEY_PATH)).stdout).toBe(`${sha256(key)}  ${KEY_PATH}\n`);
  });

  it('is not even read for its hash', async () => {
    const bench = await startBench('golioth');
    provision(bench, newKey(), makeForeignCredentials().certificate);
    const hash = await bench.run('hash', KEY_PATH);
    expect(hash).toMatchObject({
      status: 23,
      stdout: '',
      stderr: expect.stringContaining('CONFIG_MCUMGR_GRP_FS_CHECKSUM_HASH'),
    });
    const byReading = json(await bench.run('hash', CERTIFICATE_PATH, '--json'));
    expect(byReading).toMatchObject({ by: 'reading', hash: sha256(bench.onBoard(CERTIFICATE_PATH)!) });
  });

  it('is not overwritten, removed or reset without a word', async () => {
    const bench = await startBench();
    const key = newKey();
    provision(bench, key, makeForeignCredentials().certificate);
    const other = bench.file('other', newKey());
    for (const command of [['put', other, KEY_PATH], ['rm', KEY_PATH], ['reset']] as const) {
      const [verb, ...rest] = command;
      const { status, stderr } = await bench.run(verb, ...rest);
      expect({ verb, status }).toEqual({ verb, status: 2 });
      expect(stderr).toMatch(/^certline: To .* without a terminal to ask at, add --yes\.\n$/);
    }
    expect(bench.onBoard(KEY_PATH)).toEqual(key);

    const refusing = startAtTerminal(bench.place, ['board', 'put', bench.port, other, KEY_PATH]);
    await refusing.answer('is a credential of the board (121 bytes). Overwrite it? [y/N]', 'n');
    expect(await refusing.ended).toBe(6);
    expect(bench.onBoard(KEY_PATH)).toEqual(key);
    const leaving = startAtTerminal(bench.place, ['board', 'reset', bench.port]);
    await leaving.answer(`Reset the board on ${bench.port}? [y/N]`, '\u0003');
    expect(await leaving.ended).toBe(130);
    const removing = startAtTerminal(bench.place, ['board', 'rm', bench.port, KEY_PATH]);
    await removing.answer('a credential of the board, (121 bytes) permanently? [y/N]', 'y');
    expect(await removing.ended).toBe(0);
    expect(bench.onBoard(KEY_PATH)).toBeUndefined();
  });
});

describe('certline board shell', () => {
  it('runs a command and hands its result on', async () => {
    const { run } = await startBench();
    expect(await run('shell', 'kernel', 'version')).toEqual({
      status: 0,
      stdout: 'Zephyr version 4.4.0\n',
      stderr: '',
    });
    expect(json(await run('shell', '--json', 'kernel version'))).toMatchObject({
      command: 'kernel version',
      ret: 0,
    });
    const failed = await run('shell', 'hwinfo', 'deveui64');
    expect(failed).toMatchObject({ status: 23, stdout: 'Not supported by hardware\n' });
    expect(failed.stderr).toBe('certline: "hwinfo deveui64" failed on the board: it returned -88.\n');
  });

  it('types where the shell shares the port and there is no shell group', async () => {
    const { run } = await startBench('golioth', { kind: 'unsupported-group', group: 9 });
    const typed = json(await run('shell', '--json', 'kernel', 'version'));
    expect(typed).toMatchObject({ output: expect.stringContaining('Zephyr version 4.4.0'), ret: 0 });
  });

  it('takes commands of a pipe and ends at the first that fails', async () => {
    const bench = await startBench();
    const child = bench.place.start(['board', 'shell', bench.port], ['pipe', 'pipe', 'pipe']);
    let output = '';
    child.stdout!.on('data', (bytes: Buffer) => (output += bytes.toString()));
    child.stdin!.end('fs mkdir /lfs1/one\n\nfs mkdir /lfs1/none/two\nfs mkdir /lfs1/three\n');
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect({ status, output }).toEqual({ status: 23, output: 'Error creating dir[-2]\n' });
    expect(existsSync(join(bench.board.directory, 'lfs1/one'))).toBe(true);
    expect(existsSync(join(bench.board.directory, 'lfs1/three'))).toBe(false);
  });

  it('converses at a terminal', async () => {
    const bench = await startBench();
    const shell = startAtTerminal(bench.place, ['board', 'shell', bench.port]);
    await shell.answer(`${bench.port}> `, 'hwinfo deveui64');
    await shell.answer('it returned -88.', 'kernel version');
    await shell.answer('Zephyr version 4.4.0', '\u0004');
    expect(await shell.ended).toBe(0);
  });
});

describe('certline board reset', () => {
  it('restarts the board and waits for it', async () => {
    const { run, board } = await startBench();
    const reset = await run('reset', '--yes', '--json');
    expect(json(reset)).toMatchObject({ reset: true, seen: 'silence' });
    const { backAfterMs } = json(reset) as { backAfterMs: number };
    // CONFIG_MCUMGR_GRP_OS_RESET_MS.
    expect(backAfterMs).toBeGreaterThanOrEqual(250);
    // It started after it was told to, not before.
    const uptime = (await run('shell', 'kernel', 'uptime')).stdout;
    expect(Number(/\d+/.exec(uptime)?.[0])).toBeLessThanOrEqual(board.uptimeMs);
  });
});

describe('certline board reset, of a board that does not restart', () => {
  it('says that no restart was seen', async () => {
    const { run } = await startBench('factory', { kind: 'ignores-reset' });
    const reset = await run('reset', '--yes', '--json');
    expect(json(reset)).toMatchObject({ reset: false, seen: 'nothing', backAfterMs: null });
  });

  it('says by what the restart was seen', async () => {
    const { run } = await startBench('golioth', undefined, { osCommands: ['reset', 'echo'] });
    expect((await run('reset', '--yes')).stdout).toContain('(it said that it boots)');
  });
});

describe('--json', () => {
  it('gives one document on failure too, with the code and what was seen', async () => {
    const { run } = await startBench('golioth', { kind: 'console-only' });
    const probe = await run('probe', '--json', '--timeout', '4');
    expect(probe.status).not.toBe(0);
    expect(JSON.parse(probe.stdout)).toMatchObject({
      error: {
        code: 'SMP_NOISE_ONLY',
        status: probe.status,
        seen: ['console', 'text'],
        message: expect.stringContaining('a console is on this port'),
      },
    });
  });

  it('gives what is known and the failure where a board falls silent', async () => {
    const { run } = await startBench('factory', { kind: 'crash', nth: 6 });
    const probe = await run('probe', '--json', '--timeout', '4');
    expect(JSON.parse(probe.stdout)).toMatchObject({
      answerMs: expect.any(Number),
      line: { seen: ['fault', 'text'] },
      error: { message: expect.stringContaining('BUS FAULT') },
    });
  });
});

describe('a slow board', () => {
  it('is found, and one that is slower still with --timeout', async () => {
    const { run, board } = await startBench('factory', { kind: 'slow', delayMs: 900 });
    expect((await run('hash', '/lfs1/none')).stderr).toContain('there is no /lfs1/none on the board');
    board.clearFaults('slow');
    board.setFault({ kind: 'silent' });
    const startedAt = performance.now();
    expect((await run('probe', '--timeout', '0.5')).stderr).toContain('no answer');
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    expect((await run('probe', '--dtr', 'high')).stderr).toContain('It is on or off');
    // A pseudo-terminal has no such lines.
    expect((await run('probe', '--dtr', 'on', '--rts', 'off')).stderr).toContain('DTR and RTS cannot be set');
  });
});

describe('a port that takes nothing', () => {
  it('does not keep a command from ending', async () => {
    const bench = await startBench('large-buffers', { kind: 'stuck-port', nth: 3 });
    const { place, port, board } = bench;
    board.flash.mkdir('/lfs1/d');
    const large = bench.file('large', Buffer.alloc(500_000, 0x5a));
    const started = place.start(['board', 'put', port, large, '/lfs1/d/large'], 'ignore');
    const ended = once(started, 'exit');
    await until('the fault has struck', () => board.faults.find('stuck-port') === undefined);
    started.kill('SIGTERM');
    const endsBy = performance.now() + 5_000;
    expect(await ended).not.toEqual([0, null]);
    expect(performance.now()).toBeLessThan(endsBy);
  });
});

describe('a port', () => {
  it('that is missing, busy or silent is told with a status of its own', async () => {
    const place = newPlace();
    const missing = await place.certline('board', 'probe', '/dev/no-such-port');
    expect(missing).toMatchObject({
      status: 20,
      stderr: expect.stringContaining('is the board plugged in?'),
    });
    const pty = openPseudoTerminal();
    onTestFinished(() => pty.close());
    const silent = await place.certline('board', 'probe', pty.path);
    expect(silent).toMatchObject({ status: 23, stdout: '', stderr: expect.stringContaining('no answer') });
    const link = await openSerialLink({ path: pty.path });
    onTestFinished(() => link.close());
    const busy = await place.certline('board', 'probe', pty.path);
    expect(busy).toMatchObject({ status: 21, stderr: expect.stringContaining(`pid ${process.pid}`) });
    const unknown = await place.certline('board', 'probe', 'E6614103E7');
    expect(unknown).toMatchObject({
      status: 20,
      stderr: expect.stringContaining('serial number E6614103E7'),
    });
  });

  it('has the name of its path or of the USB serial number behind it', async () => {
    const list = async () => [
      { path: '/dev/ttyS0' },
      { path: '/dev/ttyACM0', usbSerialNumber: 'E6614103E7' },
      { path: '/dev/ttyACM1', usbSerialNumber: 'TWO' },
      { path: '/dev/ttyACM2', usbSerialNumber: 'TWO' },
    ];
    expect(await boardPort('/dev/serial/by-id/usb-x', list)).toBe('/dev/serial/by-id/usb-x');
    expect(await boardPort('e6614103e7', list)).toBe('/dev/ttyACM0');
    expect(await boardPort('ttyS0', list)).toBe('/dev/ttyS0');
    await expect(boardPort('two', list)).rejects.toMatchObject({
      reason: 'usage',
      message: expect.stringContaining('/dev/ttyACM1, /dev/ttyACM2'),
    });
    await expect(boardPort('three', list)).rejects.toMatchObject({
      reason: 'portMissing',
      message: expect.stringContaining('E6614103E7 (/dev/ttyACM0)'),
    });
  });
});

describe('a shell command', () => {
  const files = new CredentialFiles(
    parseLineConfig({ products: [PRODUCT], inbox: 'in' }, 'test', '/').products,
  );

  it.each(['fs ls /lfs1/credentials/key.der', 'fs rm /lfs1/credentials/key.der', 'fs read /lfs1/crt.der'])(
    'may be "%s"',
    (command) => expect(() => files.mustNotShow(command.split(' '))).not.toThrow(),
  );

  it.each([
    'fs read key.der',
    'fs cat ./KEY.DER/',
    "fs read 'key.der'",
    'fs read ke\\y.der',
    'cat fs rm key.der',
  ])('may not be "%s"', (command) =>
    expect(() => files.mustNotShow(command.split(' '))).toThrow(/stays on the board/),
  );
});

describe('what a board says', () => {
  it('cannot take over the terminal', () => {
    expect(plain('a\u001b[2Jb\nc\u009b\u202e')).toBe('a\\x1b[2Jb\\x0ac\\x9b\\u{202e}');
    expect(plainLines('a\n\tb\r\u0007')).toBe('a\n\tb\\x0d\\x07');
  });

  it('is one line in an error, whatever it printed', () => {
    const error = new SmpError('SMP_SHELL_FAILED', 'x: it printed “a\u001b[2J\nb”');
    expect(boardFailure(error, 'x')).toMatchObject({ message: 'x: it printed “a [2J b”' });
    const plainError = new SmpError('SMP_TIMEOUT', 'x: no answer');
    expect(boardFailure(plainError, 'x')).toBe(plainError);
  });

  it('is drawn as a bar', () => {
    expect(barLine('/x', 0, 0, 0)).toMatch(/█{30} {2}\/x {2}0\.0 of 0\.0 KiB$/);
    expect(barLine('/x', 1_024, 2_048, 500)).toMatch(/1\.0 of 2\.0 KiB, 2\.0 KiB\/s$/);
  });
});

describe.skipIf(reason)(`certline board with real Zephyr${cannotRun}`, () => {
  it('probes it and moves files', async () => {
    const server = await startZephyr('serial_fs');
    onTestFinished(() => server.stop());
    const place = newPlace();
    const board = (...words: string[]): Promise<Ended> => place.certline('board', ...words);
    const report = json(await board('probe', server.path, '--json')) as Report;
    expect(report).toMatchObject({
      firmware: { kernel: 'Zephyr 4.4.0', platform: expect.stringContaining('native_sim') },
      buffers: { bytes: 1_024, count: 4, largestMessageBytes: 1_020 },
      credentials: [{ class: 'blank' }],
    });
    expect(report.notTold['hardwareId']).toContain('CONFIG_HWINFO');
    const content = randomBytes(600);
    const file = join(place.folder, 'in');
    writeFileSync(file, content);
    expect(await board('put', server.path, file, '/lfs1/x.bin')).toMatchObject({ status: 0 });
    expect((await board('hash', server.path, '/lfs1/x.bin')).stdout).toContain(sha256(content));
    const out = join(place.folder, 'out');
    expect(await board('get', server.path, '/lfs1/x.bin', out)).toMatchObject({ status: 0 });
    expect(readFileSync(out)).toEqual(content);
    expect(await board('ls', server.path)).toMatchObject({
      status: 23,
      stderr: expect.stringContaining('CONFIG_FILE_SYSTEM_SHELL'),
    });
  });
});
