import { once } from 'node:events';
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LogFile } from '../../line/log-file.ts';
import { openLineLog } from '../../line/log.ts';
import { openPseudoTerminal } from '../support/pseudo-terminal.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** A line that is being written has no end yet. */
const messagesIn = (path: string): string[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { msg: string }).msg)
    : [];

it.each([0, 0o077])(
  'continues in a new file after SIGHUP, and only the owner and the group can read either, with umask %o',
  async (mask) => {
    const folder = temporaryFolder();
    const [path, rotated] = [join(folder, 'certline.log'), join(folder, 'certline.log.1')];
    const umask = process.umask(mask);
    try {
      const log = openLineLog(path, 'station');
      log.info('before');
      await until('the first line is there', () => messagesIn(path).length === 1);
      renameSync(path, rotated);
      const hangup = once(process, 'SIGHUP');
      process.kill(process.pid, 'SIGHUP');
      await hangup;
      await until('there is a new file', () => existsSync(path));
      log.info('after');
      await until('the second line is there', () => messagesIn(path).length === 1);
    } finally {
      process.umask(umask);
    }
    expect([messagesIn(rotated), messagesIn(path)]).toEqual([['before'], ['after']]);
    for (const file of [path, rotated]) expect(statSync(file).mode & 0o777).toBe(0o640);
  },
);

it('takes a bounded part of the disk, and has every line of what is left', async () => {
  const folder = temporaryFolder();
  const inOrder = ['certline.2.log', 'certline.1.log', 'certline.log'].map((name) => join(folder, name));
  const log = openLineLog(inOrder[2]!, 'station', { fileBytes: 20_000, oldFiles: 2 });
  const numbers = (): number[] => inOrder.flatMap(messagesIn).map(Number);
  for (let at = 1; at <= 2_000; at++) {
    log.info(String(at));
    if (at % 100 === 0) await until(`line ${at} is there`, () => numbers().at(-1) === at);
  }
  expect(readdirSync(folder).toSorted()).toEqual(['certline.1.log', 'certline.2.log', 'certline.log']);
  for (const path of inOrder) {
    // It looks at its size 50 times until it is full.
    expect(statSync(path).size).toBeLessThan(20_000 + 20_000 / 50 + 200);
    expect(statSync(path).mode & 0o137).toBe(0);
  }
  const left = numbers();
  expect(left.length).toBeGreaterThan(200);
  expect(left).toEqual(left.map((_number, at) => 2_001 - left.length + at));
});

it('puts aside at its start a log that is full, as those leave it who live too short to look at its size', async () => {
  const path = join(temporaryFolder(), 'certline.log');
  const full = `${JSON.stringify({ msg: 'x'.repeat(5_000) })}\n`;
  writeFileSync(path, full);
  openLineLog(path, 'station', { fileBytes: 5_000, oldFiles: 2 }).info('the first');
  await until('it is there', () => messagesIn(path).length > 0);
  expect(messagesIn(path)).toEqual(['the first']);
  expect(readFileSync(join(dirname(path), 'certline.1.log'), 'utf8')).toBe(full);
});

it('continues in the new file where another process has renamed the old one', async () => {
  const folder = temporaryFolder();
  const [path, renamed] = [join(folder, 'certline.log'), join(folder, 'elsewhere')];
  const log = openLineLog(path, 'station', { fileBytes: 5_000, oldFiles: 2 });
  log.info('before');
  await until('it is there', () => messagesIn(path).length === 1);
  renameSync(path, renamed);
  await until('it writes there again', () => {
    log.info('after');
    return messagesIn(path).length > 0;
  });
  expect(messagesIn(renamed)[0]).toBe('before');
});

it('is said to be in no trouble where several processes rename it at the same time', async () => {
  const folder = temporaryFolder();
  const module = join(import.meta.dirname, '..', '..', 'line', 'log-file.ts');
  const code = `
    const { LogFile } = await import(${JSON.stringify(module)});
    const bounds = { fileBytes: 20_000, oldFiles: 4 };
    const file = new LogFile(${JSON.stringify(join(folder, 'certline.log'))}, (error) => { throw error; }, bounds);
    for (let at = 0; at < 20_000; at++) file.write(JSON.stringify({ msg: 'x'.repeat(80) }) + '\\n');`;
  const children = Array.from({ length: 3 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' }),
  );
  const ends = await Promise.all(children.map((child) => once(child, 'close')));
  expect(ends).toEqual(children.map(() => [0, null]));
  for (const name of readdirSync(folder)) expect(messagesIn(join(folder, name))).not.toContain('');
});

it.each([
  ['the file', (path: string) => rmSync(path)],
  ['its folder', (path: string) => rmSync(dirname(path), { recursive: true })],
])('continues in a new file where somebody has removed %s', async (_what, remove) => {
  const path = join(temporaryFolder(), 'state', 'certline.log');
  const log = openLineLog(path, 'station');
  log.info('before');
  remove(path);
  await until('it writes there again', () => {
    log.info('after');
    return messagesIn(path).length > 0;
  });
  expect(messagesIn(path)[0]).toBe('after');
});

it('ends no process at SIGHUP whose terminal is there, and ends one in order whose terminal was closed', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'certline.log');
  const program = `
    const { openLineLog } = await import(${JSON.stringify(join(import.meta.dirname, '..', '..', 'line', 'log.ts'))});
    const log = openLineLog(${JSON.stringify(path)}, 'station');
    process.once('SIGTERM', () => process.exit(7));
    setInterval(() => log.info('alive'), 10);`;
  const pty = openPseudoTerminal();
  onTestFinished(() => pty.close());
  const terminal = openSync(pty.path, 'r+');
  // Without the other end of the terminal, which would keep it open.
  const alone =
    'for fd in /proc/$$/fd/*; do [ "${fd##*/}" -le 2 ] || eval "exec ${fd##*/}>&-"; done; exec "$0" "$@"';
  const child = spawn('bash', ['-c', alone, process.execPath, '--input-type=module', '-e', program], {
    stdio: [terminal, 'ignore', 'inherit'],
  });
  closeSync(terminal);
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await until('it writes', () => messagesIn(path).length > 0);
  renameSync(path, join(folder, 'rotated'));
  child.kill('SIGHUP');
  await until('it writes a new file', () => messagesIn(path).length > 0);
  pty.close();
  await until('it ends', () => {
    child.kill('SIGHUP');
    return child.exitCode !== null;
  });
  expect(await ended).toEqual([7, null]);
}, 60_000);

/** A process that opens this log, writes to it, and ends with status 7. */
const ended = (path: string, more = '') => {
  const module = JSON.stringify(join(import.meta.dirname, '..', '..', 'line', 'log.ts'));
  const program = `const { openLineLog } = await import(${module});
    const log = openLineLog(${JSON.stringify(path)}, 'test');
    log.info('begun');
    ${more}
    process.exit(7);`;
  const options = { encoding: 'utf8', timeout: 20_000 } as const;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], options);
};

it('has all that a process wrote that ends at once', () => {
  const path = join(temporaryFolder(), 'log');
  expect(ended(path)).toMatchObject({ status: 7, stderr: '' });
  expect(messagesIn(path)).toEqual(['begun']);
});

it.each([
  ['on a full disk', () => '/dev/full', 'ENOSPC'],
  ['where a folder has its name', () => temporaryFolder(), 'EISDIR'],
  [
    'where a file has the name of its folder',
    () => {
      const file = join(temporaryFolder(), 'file');
      writeFileSync(file, '');
      return join(file, 'certline.log');
    },
    /ENOTDIR|EEXIST/.source,
  ],
])('says once that it cannot be written, and lets the process end, %s', (_where, pathOf, errno) => {
  const path = pathOf();
  const { status, stderr } = ended(path, `for (let at = 0; at < 50; at++) log.info('again ' + at);`);
  expect(stderr).toMatch(
    new RegExp(`^certline: cannot write the log ${path} \\(${errno}.*until that is possible again\n$`),
  );
  expect(status).toBe(7);
});

it('continues when it can be written again', () => {
  const path = join(temporaryFolder(), 'log');
  mkdirSync(path);
  const log = openLineLog(path, 'test');
  log.info('lost');
  rmdirSync(path);
  log.info('kept');
  expect(messagesIn(path)).toEqual(['kept']);
});

it.skipIf(process.platform !== 'linux')(
  'writes into no other file after a file that could not be closed',
  () => {
    const folder = temporaryFolder();
    const [path, other] = [join(folder, 'log'), join(folder, 'other')];
    const file = new LogFile(path, () => undefined);
    const number = readdirSync('/proc/self/fd').find((each) => {
      const target = join('/proc/self/fd', each);
      return existsSync(target) && readlinkSync(target) === path;
    });
    closeSync(Number(number));
    file.reopen();
    const next = openSync(other, 'w');
    onTestFinished(() => closeSync(next));
    file.write('kept\n');
    expect([readFileSync(path, 'utf8'), readFileSync(other, 'utf8')]).toEqual(['kept\n', '']);
  },
);

it('begins a new line after a text that the disk took in part', ({ skip }) => {
  const disk = temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  if (mounted.status !== 0) skip('mount -t tmpfs needs root');
  onTestFinished(() => void spawnSync('umount', ['-l', disk]));
  const path = join(disk, 'log');
  const log = openLineLog(path, 'test');
  const ballast = join(disk, 'ballast');
  log.info('before');
  writeFileSync(ballast, Buffer.alloc(40 * 1024));
  log.info('x'.repeat(30_000));
  rmSync(ballast);
  log.info('after');
  const [before, cut, after] = readFileSync(path, 'utf8').split('\n');
  expect(cut).toMatch(/^\{.*x$/);
  expect([before, after].map((line) => (JSON.parse(line!) as { msg: string }).msg)).toEqual([
    'before',
    'after',
  ]);
});
