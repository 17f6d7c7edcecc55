import { DatabaseSync } from 'node:sqlite';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isDatabaseOpen, tryLock, waitForLock } from '../../disk/exclusive-lock.ts';
import { runChild } from '../temporal/program/child.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

describe('tryLock', () => {
  it('has one holder at a time, within a process too', () => {
    const path = join(temporaryFolder(), 'lock');
    const lock = tryLock(path);
    expect(lock).toBeDefined();
    expect(tryLock(path)).toBeUndefined();
    lock?.release();
    lock?.release();
    const next = tryLock(path);
    expect(next).toBeDefined();
    next?.release();
  });

  it('is free again after its holder was killed, and not before', async () => {
    const path = join(temporaryFolder(), 'lock');
    const holder = runChild(new URL('./lock-holder.ts', import.meta.url), path);
    expect(await holder.nextLine()).toBe('held');
    expect(tryLock(path)).toBeUndefined();
    await holder.kill();
    const lock = tryLock(path);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it('goes to exactly one of many processes that find a killed holder', async () => {
    const path = join(temporaryFolder(), 'lock');
    const holder = runChild(new URL('./lock-holder.ts', import.meta.url), path);
    await holder.nextLine();
    await holder.kill();
    const rivals = Array.from({ length: 4 }, () =>
      runChild(new URL('./lock-holder.ts', import.meta.url), path),
    );
    const words = await Promise.all(rivals.map(async (rival) => rival.nextLine()));
    expect(words.toSorted()).toEqual(['held', ...Array<string>(3).fill('taken by another')]);
  });
});

describe('waitForLock', () => {
  it('tells once that it waits, and gets the lock when it is free', async () => {
    const path = join(temporaryFolder(), 'lock');
    const first = tryLock(path);
    let told = 0;
    const waiting = waitForLock(path, () => (told += 1), undefined);
    await until('the waiter has said that it waits', () => told > 0);
    first?.release();
    (await waiting).release();
    expect(told).toBe(1);
  });

  it('gives up when it is aborted', async () => {
    const path = join(temporaryFolder(), 'lock');
    const lock = tryLock(path);
    const abort = new AbortController();
    const waiting = waitForLock(path, () => abort.abort(), abort.signal);
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    lock?.release();
  });
});

describe('isDatabaseOpen', () => {
  it('sees a connection that is idle, and sees it gone', () => {
    const path = join(temporaryFolder(), 'odd name #1?.db');
    expect(isDatabaseOpen(path)).toBe(false);
    const database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
    expect(isDatabaseOpen(path)).toBe(true);
    database.close();
    expect(isDatabaseOpen(path)).toBe(false);
  });

  it('says that nobody has a file open that is not a database', () => {
    const path = join(temporaryFolder(), 'x.db');
    writeFileSync(path, 'this is no database '.repeat(100));
    expect(isDatabaseOpen(path)).toBe(false);
  });
});
