import { describe, expect, it } from 'vitest';
import { newPlace } from '../support/certline.ts';

const SIGNED = ['--reason', 'why', '--by', 'A. Berg'];

/** Every kind of command that decides something, with what it needs besides. */
const COMMANDS: readonly (readonly string[])[] = [
  ['unit', 'skip', 'CL-1'],
  ['unit', 'rerun', 'CL-1', ...SIGNED],
  ['unit', 'renew', 'CL-1', ...SIGNED],
  ['batch', 'rerun', 'PO-1'],
  ['batch', 'pause', 'PO-1'],
  ['batch', 'cancel', 'PO-1', '--yes'],
  ['batch', 'close', 'PO-1', '--short', '--yes', ...SIGNED],
  ['batch', 'withdraw', 'PO-1', '--yes', ...SIGNED],
  ['batch', 'recover', 'PO-1', '--yes', ...SIGNED],
  ['rework', 'recover', 'RW-1', '--yes', ...SIGNED],
];

describe('the reason and the name of a decision', () => {
  // A workflow ignores a signal that does not fit, and fails by an input that does not: neither may be sent.
  it.each(COMMANDS.map((words) => [words.slice(0, 2).join(' '), words]))(
    'are refused before anything is done where they are no such text: %s',
    async (_, words) => {
      const place = newPlace();
      for (const [option, text, most] of [
        ['--reason', 'x'.repeat(501), 500],
        ['--reason', ' ', 500],
        ['--reason', 'a\u001b[2Jb', 500],
        ['--by', 'y'.repeat(101), 100],
        ['--by', 'a\u202eb', 100],
      ] as const)
        expect(await place.certline(...words, option, text)).toEqual({
          status: 2,
          stdout: '',
          stderr: `certline: ${option} must be text of 1 to ${most} characters without control characters.\n`,
        });
    },
  );
});
