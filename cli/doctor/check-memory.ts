import { existsSync, readFileSync } from 'node:fs';
import { ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** Where memory of this host gets to: to disks, and to programs that collect cores. Nothing where there is no /proc. */
export function checkMemory(): Finding[] {
  const [swaps, corePattern] = ['/proc/swaps', '/proc/sys/kernel/core_pattern'];
  if (!existsSync(swaps) || !existsSync(corePattern)) return [];
  return judgeMemory(readFileSync(swaps, 'utf8'), readFileSync(corePattern, 'utf8'));
}

/** What the texts of /proc/swaps and /proc/sys/kernel/core_pattern mean for keys in memory. */
export function judgeMemory(swaps: string, corePattern: string): Finding[] {
  const [, ...areas] = swaps.trim().split('\n');
  const names = areas.map((line) => line.split(/\s/)[0]).join(', ');
  const isCollected = corePattern.startsWith('|');
  if (names === '' && !isCollected) return [ok('memory', 'no swap, and no program that collects cores')];
  const swapped = `swap is on (${names}): run roles that hold keys with MemorySwapMax=0, or switch it off`;
  // A pipe gets a core whatever the limit of its process is (core(5)).
  const collected = `cores go to a program (${corePattern.trim()}), which may ignore a limit of 0: run sysctl kernel.core_pattern=core`;
  return [
    ...(names === '' ? [] : [warn('memory', swapped)]),
    ...(isCollected ? [warn('memory', collected)] : []),
  ];
}
