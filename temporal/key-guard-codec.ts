import { ApplicationFailure } from '@temporalio/common';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { containsKeyMaterial } from '../pki/keys/key-material-scan.ts';

/**
 * Refuses key material in anything that is about to become history: inputs, results, heartbeats, memos, signals,
 * updates. It changes nothing, so a reader of the history needs no codec. Clients and workers use it.
 */
export class KeyGuardCodec implements PayloadCodec {
  async encode(payloads: Payload[]): Promise<Payload[]> {
    for (const payload of payloads) {
      if (payload.data && containsKeyMaterial(payload.data)) {
        throw ApplicationFailure.nonRetryable(
          'A private key was about to leave its station in a Temporal payload; the payload was refused.',
          'SECRET_MISUSED',
        );
      }
    }
    return payloads;
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads;
  }
}
