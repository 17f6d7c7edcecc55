import { resolve } from 'node:path';
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { mustHaveNamedState, placeOf } from '../../cli/invocation.ts';

afterEach(() => vi.unstubAllEnvs());

function commandWith(...args: string[]): Command {
  const command = new Command()
    .option('--state <folder>')
    .option('--config <file>')
    .option('--inbox <folder>');
  return command.parse(args, { from: 'user' });
}

describe('where a command works', () => {
  it('is the option, else the variable, else the default, and an empty variable is not set', () => {
    vi.stubEnv('CERTLINE_STATE', '/tmp/named');
    expect(placeOf(commandWith('--state', '/tmp/other')).stateFolder).toBe('/tmp/other');
    expect(placeOf(commandWith()).stateFolder).toBe('/tmp/named');
    vi.stubEnv('CERTLINE_STATE', '');
    expect(placeOf(commandWith()).stateFolder).toBe(resolve('.certline'));
    expect(() => mustHaveNamedState(commandWith())).not.toThrow();
  });

  it('has the configured drop folder where the variable is empty', async () => {
    vi.stubEnv('CERTLINE_INBOX', '');
    vi.stubEnv('CERTLINE_CONFIG', '');
    const { config } = await placeOf(commandWith()).invocation();
    expect(config.inbox).not.toBe(process.cwd());
    vi.stubEnv('CERTLINE_INBOX', '/tmp/inbox');
    expect((await placeOf(commandWith()).invocation()).config.inbox).toBe('/tmp/inbox');
  });
});
