import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { command, group } from '../../cli/command.ts';
import { wholeNumber } from '../../cli/option-values.ts';
import { certlineProgram } from '../../cli/program.ts';

/** Commands without `--json`, by the reason. */
const TEXT_ONLY = {
  'run a line or a part of it': ['demo', 'up', 'worker', 'codec-server', 'simulate', 'witness serve'],
  'is a screen; "line status --json" has its facts': ['watch'],
  'print a document for another program': [
    'completion',
    'manifest new',
    'ca csr',
    'ca export',
    'ca prove',
    'audit checkpoint',
    'station export',
    'station signer-key',
  ],
} as const;

/** Runs a command line on a program with one command, and returns what its action was given. */
async function given(...words: string[]): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown>[] = [];
  const add = command('copy', {
    says: 'copy files',
    args: { '<from>': 'source', '[to]': { says: 'target', default: '.' }, '[more...]': 'others' },
    options: {
      '--per-minute <number>': { says: 'rate', parse: wholeNumber(1) },
      '--only <number...>': { says: 'numbers', parse: wholeNumber(0) },
      '--dry-run': 'change nothing',
    },
    load: async () => seen,
    run: (into, { from, to, more, options }) => into.push({ from, to, more, options }),
  });
  const program = new Command('p').exitOverride().configureOutput({ writeErr: () => undefined });
  group('file', { says: 'files' }, [add])(program);
  await program.parseAsync(['file', 'copy', ...words], { from: 'user' });
  return seen[0]!;
}

describe('command', () => {
  it('gives the action its arguments and options by name', async () => {
    expect(await given('a', 'b', 'c', 'd', '--per-minute', '5', '--dry-run')).toEqual({
      from: 'a',
      to: 'b',
      more: ['c', 'd'],
      options: { perMinute: 5, dryRun: true },
    });
  });

  it('leaves out options that are not given, and fills in defaults', async () => {
    expect(await given('a')).toEqual({ from: 'a', to: '.', more: [], options: {} });
  });

  it('parses each value of an option that takes several', async () => {
    expect(await given('a', '--only', '1', '2', '--only', '3')).toMatchObject({
      options: { only: [1, 2, 3] },
    });
  });

  it.each([['0'], ['1.5'], ['x'], [' ']])(
    'refuses %j where a whole number from 1 on is due',
    async (text) => {
      await expect(given('a', '--per-minute', text)).rejects.toThrow(
        /It must be a whole number, 1 or greater/,
      );
    },
  );
});

describe('the commands of certline', () => {
  const actions = actionsOf(certlineProgram());

  it('are all there', () => {
    expect(actions.length).toBeGreaterThan(40);
  });

  it.each(actions.map((each) => [pathOf(each), each] as const))(
    '%s shows an example of itself',
    (path, each) => {
      const help: string[] = [];
      each.configureOutput({ writeOut: (text) => help.push(text) }).outputHelp();
      const start = path === 'certline demo' ? 'npm start' : path;
      expect(help.join('')).toMatch(new RegExp(`Examples?:\n(.*\n)*.*${start}`));
    },
  );

  it.each(actions.map((each) => [pathOf(each), each] as const))(
    '%s says what each option defaults to',
    (_, each) => {
      const silent = each.options.filter(
        ({ long, required, mandatory, defaultValue, description }) =>
          description === '' ||
          (required &&
            !mandatory &&
            defaultValue === undefined &&
            !/default: /.test(description) &&
            long !== undefined),
      );
      expect(silent.map(({ flags }) => flags)).toEqual([]);
    },
  );

  it('print JSON where they print facts', () => {
    const without = actions.filter((each) => each.options.every(({ long }) => long !== '--json'));
    const reasons = Object.values(TEXT_ONLY).flat();
    expect(without.map(pathOf).toSorted()).toEqual(reasons.map((path) => `certline ${path}`).toSorted());
  });

  it.each(actions.map((each) => [pathOf(each), each] as const))(
    '%s is described in one clause',
    (_, each) => {
      expect(each.description()).toMatch(/^[a-z].*[^.]$/);
      for (const { description } of each.registeredArguments) expect(description).not.toBe('');
    },
  );
});

function actionsOf(parent: Command): Command[] {
  const commands = parent.commands.filter((each) => each.name() !== 'help');
  return commands.flatMap((each) => (each.commands.length === 0 ? [each] : actionsOf(each)));
}

function pathOf(each: Command): string {
  return each.parent === null ? each.name() : `${pathOf(each.parent)} ${each.name()}`;
}
