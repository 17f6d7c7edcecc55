import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { FAULTS, parseFault } from '../../simulator/faults.ts';

describe('faults from a configuration', () => {
  it.each([
    { kind: 'silent' },
    { kind: 'lose-answer', nth: 3 },
    { kind: 'delay-answer', nth: 1, delayMs: 20 },
    { kind: 'unplug', atUploadByte: 60, keepsPower: true },
    { kind: 'log-noise', where: 'inside', nth: 2 },
  ])('takes $kind', (fault) => {
    expect(parseFault(fault)).toEqual(fault);
  });

  it.each([
    [undefined, 'must be an object'],
    [{ kind: 'toString' }, '"toString" is unknown'],
    [{ kind: 'lose-answer' }, 'lose-answer needs "nth"'],
    [{ kind: 'lose-answer', nth: 0 }, 'nth of lose-answer must be a count'],
    [{ kind: 'lose-answer', nth: 1.5 }, 'nth of lose-answer must be a count'],
    [{ kind: 'silent', nth: 1 }, 'silent has no parameter "nth"'],
    [{ kind: 'not-writable', path: '' }, 'path of not-writable must be a text'],
  ])('refuses %j', (fault, message) => {
    expect(() => parseFault(fault)).toThrowError(
      expect.objectContaining({
        code: 'SIMULATOR_CONFIG_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('lists every fault, its parameters and its effect in simulator/README.md', () => {
    const readme = readFileSync(new URL('../../simulator/README.md', import.meta.url), 'utf8');
    for (const [kind, { effect, parameters }] of Object.entries(FAULTS)) {
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${kind}\``));
      expect(row).toContain(effect.replaceAll('|', '\\|'));
      for (const parameter of Object.keys(parameters.shape)) expect(row).toContain(`\`${parameter}\``);
    }
  });

  it('describes every fault in a sentence', () => {
    for (const { effect } of Object.values(FAULTS)) expect(effect).toMatch(/\w+ \w+/);
  });
});
