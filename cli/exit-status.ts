import type { ExitReason } from '../provisioning/exit-status.ts';

/** Ends a command with a sentence for people and a status for scripts. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly reason: ExitReason;

  constructor(reason: ExitReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
