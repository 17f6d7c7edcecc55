// What the wire can do to an answer: lose, corrupt, repeat, delay, cut, or mix it with log text.

import type { BoardFaults } from './board-faults.ts';

const LOG_LINE = '[00:00:12.345,000] <wrn> app: Could not stat /lfs1/credentials/crt.der, err: -2\r\n';

/** The pieces to send one after the other, and how much later than due. */
export interface DistortedAnswer {
  readonly parts: readonly Uint8Array[];
  readonly delayMs: number;
}

function withNoise(lines: readonly Uint8Array[], where: string, text: string): Uint8Array[] {
  const noise = Buffer.from(text, 'latin1');
  const [first = new Uint8Array(), ...later] = lines;
  if (where === 'before') return [noise, ...lines];
  if (where === 'between') return lines.flatMap((line) => [line, noise]);
  const middle = first.length >> 1;
  return [first.subarray(0, middle), noise, first.subarray(middle), ...later];
}

function corrupted(lines: readonly Uint8Array[], at: number | undefined): Uint8Array[] {
  const bytes = Buffer.concat(lines);
  const index = Math.min(at ?? bytes.length >> 1, bytes.length - 1);
  bytes[index] = (bytes[index] ?? 0) ^ 0x01;
  return [bytes];
}

/** Applies the answer faults that strike now. `previous` is the answer before this one, as sent. */
export function distortAnswer(
  faults: BoardFaults,
  lines: readonly Uint8Array[],
  previous: Uint8Array | undefined,
): DistortedAnswer {
  faults.countAnswer();
  let parts: readonly Uint8Array[] = lines;
  const noise = faults.takeAnswerFault('log-noise');
  if (noise) parts = withNoise(parts, noise.where, noise.text ?? LOG_LINE);
  const corrupt = faults.takeAnswerFault('corrupt-answer');
  if (corrupt) parts = corrupted(parts, corrupt.at);
  const cut = faults.takeAnswerFault('cut-answer');
  if (cut) parts = [Buffer.concat(parts).subarray(0, cut.bytes)];
  if (faults.takeAnswerFault('duplicate-answer')) parts = [...parts, ...parts];
  if (faults.takeAnswerFault('stale-answer') && previous) parts = [previous, ...parts];
  if (faults.takeAnswerFault('lose-answer')) parts = [];
  return { parts, delayMs: faults.takeAnswerFault('delay-answer')?.delayMs ?? 0 };
}
