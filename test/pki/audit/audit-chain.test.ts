import { describe, expect, it } from 'vitest';
import { AUDIT_GENESIS, auditHash, judgeChain } from '../../../pki/audit/audit-chain.ts';
import type { AuditEntry } from '../../../pki/audit/audit-chain.ts';

/** A log of as many entries. */
function chainOf(size: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= size; seq += 1) {
    const body = `{"event":"issued","number":${seq}}`;
    entries.push({ seq, body, hash: auditHash(entries.at(-1)?.hash ?? AUDIT_GENESIS, seq, body) });
  }
  return entries;
}

async function* read(entries: readonly AuditEntry[]): AsyncGenerator<AuditEntry> {
  yield* entries;
}

const ENTRIES = chainOf(4);

describe('an audit log', () => {
  it('that is whole is read to its end', async () => {
    expect(await judgeChain(read(ENTRIES))).toEqual({
      size: 4,
      head: ENTRIES[3]!.hash,
      brokenEntry: undefined,
      reachesCheckpoint: false,
    });
  });

  it('that is empty has the head of the beginning', async () => {
    const checkpoint = { size: 0, hash: AUDIT_GENESIS };
    expect(await judgeChain(read([]), checkpoint)).toMatchObject({
      head: AUDIT_GENESIS,
      reachesCheckpoint: true,
    });
  });

  it.each([
    ['an entry changed', ENTRIES.with(1, { ...ENTRIES[1]!, body: '{}' }), 2],
    ['an entry left out', ENTRIES.toSpliced(1, 1), 2],
    ['two entries exchanged', [ENTRIES[0]!, ENTRIES[2]!, ENTRIES[1]!, ENTRIES[3]!], 2],
    ['its first entry left out', ENTRIES.slice(1), 1],
    ['an entry twice', ENTRIES.toSpliced(3, 0, ENTRIES[2]!), 4],
  ])('with %s is broken there, and read no further', async (_what, entries, broken) => {
    expect(await judgeChain(read(entries))).toMatchObject({ brokenEntry: broken, size: broken - 1 });
  });

  it.each([
    ['an entry within', 2, ENTRIES[1]!.hash, true],
    ['its last entry', 4, ENTRIES[3]!.hash, true],
    ['another entry', 2, ENTRIES[2]!.hash, false],
    ['an entry beyond', 5, ENTRIES[3]!.hash, false],
    ['another beginning', 0, ENTRIES[0]!.hash, false],
  ])('is held against a checkpoint of %s', async (_what, size, hash, reaches) => {
    expect(await judgeChain(read(ENTRIES), { size, hash })).toMatchObject({ reachesCheckpoint: reaches });
  });

  it('that is broken does not reach a checkpoint behind the break', async () => {
    const broken = ENTRIES.with(1, { ...ENTRIES[1]!, body: '{}' });
    const judged = await judgeChain(read(broken), { size: 3, hash: ENTRIES[2]!.hash });
    expect(judged).toMatchObject({ brokenEntry: 2, reachesCheckpoint: false });
  });
});
