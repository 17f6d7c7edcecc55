import { describe, expect, it } from 'vitest';
import { BatchLine } from '../../../workflows/batch/batch-line.ts';

const station = { code: 'STATION_UNREACHABLE', station: 'st-1', says: 'silent' } as const;
const signer = { code: 'SIGNER_UNREACHABLE', says: 'silent' } as const;
const socket = (id: string, of = 'st-1') =>
  ({ code: 'SOCKET_SILENT', station: of, socket: id, says: 'nothing answers' }) as const;

describe('what a batch knows of the line', () => {
  it('is the last report of each source, the worst first', () => {
    const line = new BatchLine();
    line.hear({ source: 'station st-2', trouble: [socket('1', 'st-2'), socket('2', 'st-2')] });
    line.hear({ source: 'roles', trouble: [station, signer] });
    line.hear({ source: 'station st-2', trouble: [socket('2', 'st-2')] });
    expect(line.trouble).toEqual([signer, station, socket('2', 'st-2')]);
    line.hear({ source: 'roles', trouble: [] });
    expect(line.trouble).toEqual([socket('2', 'st-2')]);
  });

  it('leaves out what a station said of its sockets before it became silent', () => {
    const line = new BatchLine();
    line.hear({ source: 'station st-1', trouble: [socket('1')] });
    line.hear({ source: 'roles', trouble: [station] });
    expect(line.trouble).toEqual([station]);
    expect(line.all).toHaveLength(2);
  });

  it('goes on in the next run of the batch', () => {
    const line = new BatchLine();
    line.hear({ source: 'roles', trouble: [signer] });
    expect(new BatchLine(line.reports).trouble).toEqual([signer]);
  });
});
