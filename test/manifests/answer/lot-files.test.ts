import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { isAnswerName } from '../../../manifests/answer/answers.ts';
import { lotFiles } from '../../../manifests/answer/lot-files.ts';

const batch = (batchId: string, manifest: string, importedAt: string) => ({ batchId, manifest, importedAt });

const FIRST = batch('PO-1-aaaaaaaa', 'lot7.csv', '2026-01-01T00:00:00.000Z');
const SECOND = batch('PO-2-bbbbbbbb', 'lot7.csv', '2026-01-02T00:00:00.000Z');
const OTHERS = [
  batch('PO-3-cccccccc', 'LOT7.csv', '2026-01-03T00:00:00.000Z'),
  batch('PO-4-dddddddd', 'lot7.csv', '2026-01-01T00:00:00.000Z'),
  batch('PO-5-eeeeeeee', 'acme/lot7.csv', '2026-01-04T00:00:00.000Z'),
  batch('PO-6-ffffffff', 'lot7', '2026-01-04T00:00:00.000Z'),
];
const ALL = [SECOND, ...OTHERS, FIRST];

it('gives the first batch of a name the plain names, and every later one names of its own', () => {
  expect(lotFiles('in', FIRST, ALL)).toEqual({
    result: 'in/lot7.result.csv',
    report: 'in/lot7.report.html',
    statusJson: 'in/lot7.status.json',
    statusCsv: 'in/lot7.status.csv',
  });
  expect(lotFiles('in', SECOND, ALL)).toEqual({
    result: 'in/lot7.result.PO-2-bbbbbbbb.csv',
    report: 'in/lot7.report.PO-2-bbbbbbbb.html',
    statusJson: 'in/lot7.status.PO-2-bbbbbbbb.json',
    statusCsv: 'in/lot7.status.PO-2-bbbbbbbb.csv',
  });
  const paths = ALL.flatMap((each) => Object.values(lotFiles('in', each, ALL)));
  expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(4 * ALL.length);
  expect(paths.every((path) => isAnswerName(basename(path)))).toBe(true);
  // What comes later takes no name away.
  for (const each of ALL) {
    const earlier = ALL.filter(({ importedAt }) => importedAt <= each.importedAt);
    expect(lotFiles('in', each, earlier)).toEqual(lotFiles('in', each, ALL));
  }
});
