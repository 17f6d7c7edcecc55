import type { RequestOptions, SmpClient } from '../client/client.ts';
import { isSmpError, isUnanswered } from '../smp-error.ts';
import { SMP_HEADER_BYTES } from '../wire/smp-header.ts';
import { uploadPartCapacity } from './upload-part.ts';

/** Header of the CBOR map, its key and the head of the text in an echo request: `A1 61 64 79 xx xx`. */
const ECHO_OVERHEAD_BYTES = SMP_HEADER_BYTES + 6;

/**
 * Before a transfer that would gain from it: tries whether the board takes messages as large as its buffer, with an
 * echo of that size, which harms nothing when it is lost. What was found is remembered in the client's limit.
 */
export async function growMessages(
  client: SmpClient,
  path: string,
  total: number,
  options: RequestOptions,
): Promise<void> {
  const { limit } = client;
  const largeBytes = limit.ceilingBytes;
  if (largeBytes <= limit.currentBytes) return;
  const saved = partCount(limit.currentBytes, path, total) - partCount(largeBytes, path, total);
  if (saved * client.roundTripMs(SMP_HEADER_BYTES * 8) <= client.roundTripMs(largeBytes * 2)) return;
  try {
    await client.echo('a'.repeat(largeBytes - ECHO_OVERHEAD_BYTES), { ...options, attempts: 1 });
    limit.raise();
  } catch (error) {
    if (!isUnanswered(error) && !isSmpError(error, 'SMP_UNSUPPORTED', 'SMP_DEVICE_ERROR')) throw error;
    limit.stay();
  }
}

function partCount(messageBytes: number, path: string, total: number): number {
  return Math.ceil(total / Math.max(1, uploadPartCapacity(messageBytes, path, 0, total)));
}
