import { expect, it } from 'vitest';
import { nothingToDecide } from '../../../cli/unit/nothing-to-decide.ts';

const begins = 'so there is nothing to decide: ';
const rework = (kind: string): string =>
  `write its serial into a file, for example CL-1.txt, and type: certline rework create --serials CL-1.txt --kind ${kind} --reason "why" --by "your name"`;
const rerun = 'to run it again, type: certline unit rerun CL-1';
const see = 'see "certline unit show CL-1".';

it.each([
  ['scrap', 'PASS', `has ended as PASS, ${begins}if it must not ship after all, ${rework('scrap')}`],
  ['skip', 'PASS', `has ended as PASS, ${begins}if it must not ship after all, ${rework('scrap')}`],
  ['retry', 'PASS', `has ended as PASS, ${begins}if it needs another key, ${rework('rekey')}`],
  ['retry', 'HOLD', `has ended as HOLD, ${begins}${rerun} --reason "why"`],
  ['retry', 'ERROR', `has ended as ERROR, ${begins}${rerun} --reason "why"`],
  ['retry', 'FAIL', `has ended as FAIL, ${begins}${rerun} --scrapped --reason "why"`],
  ['scrap', 'HOLD', `has ended as HOLD, ${begins}${see}`],
  ['skip', undefined, `has not begun, ${begins}${see}`],
] as const)('%s of a unit with the outcome %s says what to type instead', (verdict, outcome, says) => {
  const ended = outcome === undefined ? undefined : 'completed';
  expect(nothingToDecide({ serial: 'CL-1', outcome, ended }, verdict)).toBe(`CL-1 ${says}`);
});

it('says by the workflow how a unit ended, where there is no registry', () => {
  expect(nothingToDecide({ serial: 'CL-1', outcome: undefined, ended: 'terminated' }, 'scrap')).toBe(
    `CL-1 has ended as terminated, ${begins}${see}`,
  );
});
