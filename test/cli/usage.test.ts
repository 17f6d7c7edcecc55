import { once } from 'node:events';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { certlineProgram } from '../../cli/program.ts';
import { json, newPlace, PRODUCT } from '../support/certline.ts';
import { pageOf } from './follow-docs.ts';

describe('certline', () => {
  it('shows what there is', async () => {
    const { status, stdout, stderr } = await newPlace().certline('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const command of [
      'validate',
      'submit',
      'batch',
      'unit',
      'ca',
      'cert',
      'doctor',
      'demo',
      'up',
      'worker',
    ]) {
      expect(stdout).toContain(`\n  ${command}`);
    }
  });

  it('prints its version and that of Node', async () => {
    const { status, stdout } = await newPlace().certline('--version');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^certline \d+\.\d+\.\d+ \(Node\.js v24\.[\d.]+\)\n$/);
  });

  it.each([['batch', 'rerun'], ['unit', 'retry'], ['doctor']])(
    'shows examples of %s %s',
    async (...command) => {
      const { status, stdout } = await newPlace().certline(...command, '--help');
      expect(status).toBe(0);
      expect(stdout).toMatch(new RegExp(`Examples?:\n(.*\n)*.*certline ${command.join(' ')}`));
    },
  );

  it.each([
    [['bach'], /unknown command 'bach'\n\(Did you mean batch\?\)/],
    [['batch', 'show'], /missing required argument 'id'/],
    [['batch', 'rerun', 'X', '--code', 'SMP_TIMEOU'], /Did you mean SMP_TIMEOUT\?/],
    [['unit', 'show', 'CL-1', '--jsn'], /unknown option '--jsn'/],
    [['batch', 'cancel', 'X'], /add --yes/],
    [
      ['ca', 'crl', '--root', 'R', '--revoke', 'F', '--reason', 'lost'],
      /Allowed choices are .*keyCompromise/,
    ],
    [['--state', '', 'batch', 'list'], /--state <folder>.*It is empty/],
    [['--config', '', 'doctor'], /--config <file>.*It is empty/],
    [['--inbox', '', 'doctor'], /--inbox <folder>.*It is empty/],
  ])('refuses %j with status 2', async (args, message) => {
    const { status, stdout, stderr } = await newPlace().certline(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it.each([
    [['bach', '--json'], /^unknown command 'bach'/],
    [['batch', 'show', '--json'], /^missing required argument 'id'/],
    [['unit', 'show', 'CL-1', '--json', '--jsn'], /^unknown option '--jsn'/],
    [['batch', 'list', '--json', 'more'], /^too many arguments/],
    [['batch', 'rerun', 'X', '--json', '--code', 'NONE'], /'NONE' is invalid/],
    [['batch', '--json'], /./],
    [['batch', 'cancel', 'X', '--json'], /add --yes/],
  ])('refuses %j with status 2 in a document too', async (args, message) => {
    const ended = await newPlace().certline(...args);
    expect(ended.status).toBe(2);
    expect(json(ended)).toEqual({
      error: { code: 'usage', status: 2, message: expect.stringMatching(message) as string },
    });
    expect(ended.stderr).not.toBe('');
  });

  it('writes no document where --json is an argument, not an option', async () => {
    const { status, stdout } = await newPlace().certline('batch', 'list', '--', '--json');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  it.each([
    [
      ['help', 'batch', 'show'],
      ['batch', 'show', '--help'],
    ],
    [
      ['batch', 'help', 'show'],
      ['batch', 'show', '--help'],
    ],
    [
      ['help', 'order', 'key', 'init'],
      ['order', 'key', 'init', '--help'],
    ],
    [
      ['order', 'help', 'key'],
      ['order', 'key', '--help'],
    ],
    [['help'], ['--help']],
    [
      ['batch', 'help'],
      ['batch', '--help'],
    ],
  ])('shows for %j what it shows for %j', async (asked, same) => {
    const place = newPlace();
    const [help, other] = [await place.certline(...asked), await place.certline(...same)];
    expect(help).toEqual({ ...other, status: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: certline/);
  });

  it('has no help for a command that it does not know', async () => {
    const { status, stdout, stderr } = await newPlace().certline('help', 'batch', 'shwo');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/unknown command 'batch shwo'\. Did you mean show\?/);
  });

  it('has an error as its one document with --json', async () => {
    const ended = await newPlace().certline('ca', 'show', '--json');
    expect(ended.status).toBe(30);
    expect(json(ended)).toEqual({
      error: { code: 'CA_NOT_FOUND', status: 30, message: expect.stringContaining('certline ca init') },
    });
    expect(ended.stderr).toMatch(/^certline: There is no CA file/);
  });

  it('says with status 30 that a line cannot start before "ca init"', async () => {
    const place = newPlace();
    const sockets = [{ id: '1', port: join(place.folder, 'none'), product: PRODUCT.name }];
    place.configure({ inbox: place.inbox, products: [PRODUCT], stations: [{ id: 'st', sockets }] });
    const child = place.start(['up'], ['ignore', 'ignore', 'pipe']);
    const [stderr, [status]] = await Promise.all([textOf(child.stderr!), once(child, 'exit')]);
    expect(stderr).toContain('certline ca init');
    expect(status).toBe(30);
  });

  it('says where a configuration is wrong, with status 4', async () => {
    const place = newPlace();
    place.configure({ inbox: 'in', products: [{ name: 'x y' }] });
    const { status, stderr } = await place.certline('validate', 'lot.csv');
    expect(status).toBe(4);
    expect(stderr).toMatch(/products\.0\.name: must have only letters/);
  });

  it('takes the state folder from the command line, wherever it stands', async () => {
    const place = newPlace();
    const { status, stderr } = await place.certline('ca', 'show', '--state', join(place.folder, 'other'));
    expect(status).toBe(30);
    expect(stderr).toContain(join(place.folder, 'other', 'signer'));
  });
});

/** The command lines without arguments that a command leads to: `batch list`, `ca init` … */
function commandPaths(command: Command): string[] {
  if (command.commands.length === 0) return [''];
  const commands = command.commands.filter((each) => each.name() !== 'help' || command.parent === null);
  return commands.flatMap((each) => commandPaths(each).map((path) => `${each.name()} ${path}`.trim()));
}

describe('docs/operations.md', () => {
  it('has every command in its tables, and no other', () => {
    const section = pageOf('operations.md').split('\n## Commands\n')[1]!.split('\n## ')[0]!;
    const rows = section
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .join('\n');
    const paths = commandPaths(certlineProgram());
    expect(paths.length).toBeGreaterThan(40);
    expect(paths.filter((path) => !new RegExp(`\\bcertline ${path}\\b`).test(rows))).toEqual([]);
    const shown = [...rows.matchAll(/\bcertline ([a-z][a-z -]*)/g)].map(([, words]) => words!.trim());
    expect(shown.filter((words) => !paths.some((path) => `${words} `.startsWith(`${path} `)))).toEqual([]);
  });

  it('lists every exit status as it is', () => {
    const text = pageOf('operations.md');
    const section = text.slice(text.indexOf('## Exit statuses')).split('\n## ')[0] ?? '';
    const rows = [...section.matchAll(/^\| (\d+) +\| (\w+) +\| (.+?) +\|$/gm)];
    const documented = rows.map(([, status, name, means]) => [name, { status: Number(status), means }]);
    expect(Object.fromEntries(documented)).toEqual(EXIT_STATUS);
    expect(documented).toHaveLength(Object.keys(EXIT_STATUS).length);
  });
});
