import { describe, expect, it } from 'vitest';
import { Settling } from '../../../manifests/intake/settling.ts';

const v = (file: string, beside = ''): { file: string; beside: string } => ({ file, beside });

describe('Settling', () => {
  it('lets a file be read when it is due, and again only when it changes', () => {
    const settling = new Settling();
    expect(settling.changeOf('a', v('v1'))).toBe('file');
    settling.note('a', v('v1'), 100);
    expect(settling.changeOf('a', v('v1'))).toBeUndefined();
    expect(settling.changeOf('a', v('v1', 'digest'))).toBe('beside');
    expect(settling.due(99)).toEqual([]);
    expect(settling.waitMs(40)).toBe(60);
    expect(settling.due(100)).toEqual(['a']);
    settling.rest('a');
    expect(settling.due(1e9)).toEqual([]);
    expect(settling.waitMs(1e9)).toBe(Infinity);
    expect(settling.changeOf('a', v('v2', 'digest'))).toBe('file');
  });

  it('begins anew with every change', () => {
    const settling = new Settling();
    settling.note('a', v('v1'), 100);
    settling.note('a', v('v2'), 190);
    expect(settling.due(150)).toEqual([]);
    expect(settling.due(190)).toEqual(['a']);
  });

  it('gives the longest overdue first', () => {
    const settling = new Settling();
    settling.note('b', v('v'), 20);
    settling.note('a', v('v'), 30);
    settling.note('c', v('v'), 10);
    expect(settling.due(30)).toEqual(['c', 'b', 'a']);
  });

  it('waits twice as long after each failure, up to a limit, and forgets failures with a change', () => {
    const settling = new Settling();
    settling.note('a', v('v1'), 0);
    expect([1, 2, 3, 4].map(() => settling.postpone('a', 0, 10, 35))).toEqual([10, 20, 35, 35]);
    expect(settling.due(34)).toEqual([]);
    expect(settling.due(35)).toEqual(['a']);
    settling.note('a', v('v2'), 0);
    expect(settling.postpone('a', 0, 10, 35)).toBe(10);
  });

  it('forgets what is gone', () => {
    const settling = new Settling();
    settling.note('a', v('v'), 0);
    settling.keepOnly(new Set(['b']));
    expect(settling.changeOf('a', v('v'))).toBe('file');
  });
});
