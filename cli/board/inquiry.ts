import type { SmpClient } from '../../smp/client/client.ts';
import { isSmpError } from '../../smp/smp-error.ts';
import { CommandError } from '../exit-status.ts';
import type { FIRMWARE_OPTION } from './firmware-option.ts';
import { needing } from './firmware-option.ts';

/** Questions to a board that it need not be able to answer. */
export class Inquiry {
  readonly client: SmpClient;
  readonly signal: AbortSignal;
  /** Why a question got no answer, by its topic. */
  readonly notTold: Record<string, string> = {};

  constructor(client: SmpClient, signal: AbortSignal) {
    this.client = client;
    this.signal = signal;
  }

  /** What the board answers; undefined where it refuses. Silence and a lost port are thrown. */
  async ask<Value>(
    topic: string,
    option: keyof typeof FIRMWARE_OPTION,
    question: () => Promise<Value>,
  ): Promise<Value | undefined> {
    try {
      return await needing(option, question);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.notTold[topic] = error.message.replace(`${this.client.name}: `, '');
      return undefined;
    }
  }
}

function isRefusal(error: unknown): error is Error {
  if (error instanceof CommandError) return error.reason === 'board';
  return isSmpError(
    error,
    'SMP_UNSUPPORTED',
    'SMP_DEVICE_ERROR',
    'SMP_SHELL_FAILED',
    'SMP_TOO_LARGE',
    'SMP_FILE_TOO_LARGE',
    'SMP_MALFORMED_REPLY',
  );
}
