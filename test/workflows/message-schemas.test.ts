import { describe, expect, it } from 'vitest';
import { STEPS } from '../../provisioning/step.ts';
import { mustFit } from '../../workflows/checked-message.ts';
import {
  chunkReportCheck,
  decisionCheck,
  rerunCheck,
  rerunUnitsCheck,
  unitAttentionCheck,
} from '../../workflows/message-schemas.ts';
import type { MessageCheck } from '../../workflows/message-schemas.ts';

function faultOf(schema: MessageCheck<unknown>, ...args: unknown[]): string | undefined {
  try {
    mustFit(schema, '{…}', args);
    return undefined;
  } catch (error) {
    expect((error as Error).stack).toBe('');
    return (error as Error).message;
  }
}

const nested = (depth: number): unknown => (depth === 0 ? 'end' : { a: nested(depth - 1) });

describe('an Update of a unit', () => {
  it.each([
    ['nothing', []],
    ['undefined', [undefined]],
    ['an empty object', [{}]],
    ['a reason', [{ reason: 'board replaced' }]],
    ['a name', [{ by: 'A. Berg' }]],
    ['letters of any script', [{ reason: 'Prüfstand 3: 基板を交換 🔧', by: 'Ødegård' }]],
    ['500 characters', [{ reason: 'x'.repeat(500), by: 'y'.repeat(100) }]],
  ])('is taken with %s', (_, args) => {
    expect(faultOf(decisionCheck, ...args)).toBeUndefined();
  });

  it.each<[string, unknown, string | RegExp]>([
    ['an object as reason', { reason: { a: 1 } }, /"reason" must be text of 1 to 500 .*, but is an object/],
    ['a list as reason', { reason: ['a', 'b'] }, /"reason" must be text .*, but is a list of 2/],
    ['a ticket number', { reason: 4711 }, /"reason" must be text .*, but is 4711/],
    ['true', { reason: true }, /"reason" must be text .*, but is true/],
    ['null as reason', { reason: null }, /"reason" must be text .*, but is null/],
    ['bare text', 'plain text', /the argument must be an object in braces, but is "plain text"/],
    ['null', null, /the argument must be an object in braces, but is null/],
    ['a list', [{ reason: 'x' }], /the argument must be an object in braces, but is a list of 1/],
    ['a number', 7, /the argument must be an object in braces, but is 7/],
    ['a misspelt key', { resaon: 'x' }, /has the unknown key "resaon"; it may have "reason", "by"/],
    ['60 kB', { reason: 'x'.repeat(60_000) }, /but is "xxx.*\.\.\. \(60000 characters\)/],
    ['no characters', { reason: '' }, /but is empty/],
    ['blanks', { reason: ' \t' }, /but is empty/],
    ['an escape', { reason: 'a\u001b[2Jb' }, /"reason" must be text/],
    ['a line break', { reason: 'a\nb' }, /"reason" must be text/],
    ['a C1 control', { reason: 'a\u009bb' }, /"reason" must be text/],
    ['text that turns round', { by: 'a\u202eb' }, /"by" must be text/],
    ['half a character', { by: 'a\ud800' }, /"by" must be text/],
    ['a long name', { by: 'y'.repeat(101) }, /"by" must be text of 1 to 100/],
    ['deep nesting', { reason: nested(1_000) }, /but is an object/],
    ['a prototype', JSON.parse('{"__proto__": {"reason": "x"}}'), /unknown key "__proto__"/],
  ])('is refused with %s', (_, argument, message) => {
    const fault = faultOf(decisionCheck, argument);
    expect(fault).toMatch(message);
    expect(fault!.length).toBeLessThan(400);
    expect(fault).not.toMatch(/\p{Cc}/u);
  });

  it('is refused with two arguments', () => {
    expect(faultOf(decisionCheck, {}, {})).toMatch(/several arguments/);
  });
});

describe('a rerun', () => {
  it.each([
    ['codes', { codes: ['BOARD_GONE', 'SMP_TIMEOUT'] }],
    ['serials in any case', { serials: ['a1-00011', 'A1-00012'], reason: 'new boards', by: 'A. Berg' }],
    ['a serial twice', { serials: ['A1-00011', 'A1-00011'] }],
  ])('is taken with %s', (_, argument) => {
    expect(faultOf(rerunCheck, argument)).toBeUndefined();
  });

  it.each<[string, unknown, RegExp]>([
    ['a misspelt key', { serial: ['A1-00011'] }, /unknown key "serial"; it may have "codes", "serials"/],
    ['bare text', 'A1-00011', /must be an object in braces, but is "A1-00011"/],
    ['a list', ['A1-00011'], /must be an object in braces, but is a list of 1/],
    ['a number as codes', { codes: 5 }, /"codes" must be a list of 1 to 200 failure codes, but is 5/],
    ['text as codes', { codes: 'BOARD_GONE' }, /"codes" must be a list .*, but is "BOARD_GONE"/],
    [
      'an unknown code',
      { codes: ['BOARD_GONE', 'BORED'] },
      /"codes", entry 2, must be a failure code.*"BORED"/,
    ],
    ['a code of every object', { codes: ['toString'] }, /must be a failure code/],
    ['no codes', { codes: [] }, /"codes" must be a list of 1 to 200 failure codes, but is an empty list/],
    ['no serials', { serials: [] }, /"serials" must be a list .*, but is an empty list/],
    ['null', { serials: null }, /"serials" must be a list .*, but is null/],
    [
      'an object in the list',
      { serials: [{}] },
      /"serials", entry 1, must be a serial number, but is an object/,
    ],
    ['no serial', { serials: ['../x'] }, /"serials", entry 1, must be a serial number/],
    ['a huge list', { serials: Array.from({ length: 10_001 }, () => 'A') }, /a list of 10001/],
    ['a list of faults', { serials: Array.from({ length: 9_000 }, () => 7) }, /entry 1,.*entry 3,/],
  ])('is refused with %s', (_, argument, message) => {
    const fault = faultOf(rerunCheck, argument);
    expect(fault).toMatch(message);
    expect(fault!.length).toBeLessThan(500);
  });
});

describe('a signal between workflows', () => {
  const attention = {
    serial: 'A',
    code: 'A_CODE_OF_TOMORROW',
    step: 'flashCredentials',
    attempt: 1,
    hint: '',
  };
  const counts = { passed: 1, failed: 0, errors: 0, held: 0 };
  const report = {
    chunk: 1,
    sequence: 1,
    units: 2,
    started: 2,
    ...counts,
    attention: [attention],
    draining: false,
    refused: false,
    finished: false,
  };

  it('is taken from another version, which says more', () => {
    expect(chunkReportCheck({ ...report, paused: true }).success).toBe(true);
    expect(unitAttentionCheck({ serial: 'A', attention, more: 1 }).success).toBe(true);
    expect(unitAttentionCheck({ serial: 'A', attention: null }).success).toBe(true);
    expect(rerunUnitsCheck({ serials: ['A'] }).success).toBe(true);
  });

  // One that is not taken leaves a unit that waits unseen, and its batch open.
  it.each(STEPS)('is taken from a unit that waits at %s', (step) => {
    expect(unitAttentionCheck({ serial: 'A', attention: { ...attention, step } }).success).toBe(true);
    expect(chunkReportCheck({ ...report, attention: [{ ...attention, step }] }).success).toBe(true);
  });

  it.each([
    [chunkReportCheck, { ...report, passed: '1' }],
    [chunkReportCheck, { ...report, passed: -1 }],
    [chunkReportCheck, { ...report, sequence: 1.5 }],
    [chunkReportCheck, { ...report, attention: [null] }],
    [chunkReportCheck, null],
    [unitAttentionCheck, null],
    [unitAttentionCheck, { serial: 'A' }],
    [unitAttentionCheck, { serial: 'A', attention: { ...attention, step: 'lunch' } }],
    [rerunUnitsCheck, { serials: 'A' }],
    [rerunUnitsCheck, []],
  ])('is malformed otherwise (%#)', (check: MessageCheck<unknown>, value) => {
    expect(check(value).success).toBe(false);
  });
});
