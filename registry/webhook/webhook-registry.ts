import type { KeyObject } from 'node:crypto';
import { checkedPermission } from '../checked-permission.ts';
import type { DeviceRegistryError } from '../device-registry-error.ts';
import type {
  Answer,
  CheckedPermission,
  Device,
  DeviceRegistry,
  Presence,
  RegistryPace,
} from '../device-registry.ts';
import { HttpClient } from '../http/http-client.ts';
import type { HttpAnswer } from '../http/http-client.ts';
import { httpFault } from '../http/http-fault.ts';
import { signedHeaders, WebhookSecrets } from './standard-webhook.ts';

export interface WebhookOptions {
  readonly name: string;
  readonly url: string;
  /** File with the secret, `whsec_` and base64. Two lines while it changes: both sign. */
  readonly secretFile: string;
  readonly deadlineMs?: number;
}

const NO_EVENT = 'ok; whether it takes an event is not tried';

/** What happened to a certificate, in the words of the events. */
type EventType = 'device.registered' | 'device.withdrawn';

/**
 * A receiver of events by Standard Webhooks 1.0 (standardwebhooks.com): a POST for each device, signed, at least once. The id of
 * an event depends only on what happened to which certificate, so a receiver recognizes a repetition by `webhook-id`.
 */
export class WebhookRegistry implements DeviceRegistry {
  readonly name: string;
  readonly guarantees = { signedIsLive: false, canProbe: false };
  readonly pace: RegistryPace = {
    devicesPerSecond: 50,
    devicesPerCall: 1,
    callsAtOnce: 8,
    gatherMs: 0,
    firstPauseMs: 5_000,
    longestPauseMs: 300_000,
  };
  readonly #secrets: WebhookSecrets;
  readonly #client: HttpClient;

  constructor(options: WebhookOptions) {
    this.name = options.name;
    this.#secrets = new WebhookSecrets(options.secretFile, options.name);
    this.#client = new HttpClient(options);
  }

  /** A receiver of events cannot be asked about them. */
  async probe(): Promise<Presence> {
    return 'unknown';
  }

  put(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return this.#send('device.registered', devices, signal);
  }

  withdraw(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return this.#send('device.withdrawn', devices, signal);
  }

  /** An event would change something, so only the secret and the way to the receiver are tried: it answers HEAD somehow. */
  async check(signal: AbortSignal): Promise<CheckedPermission[]> {
    return [
      await checkedPermission('read the secret', async () => this.#secrets.now()),
      await checkedPermission('reach the receiver', () => this.#reach(signal), NO_EVENT),
    ];
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #reach(signal: AbortSignal): Promise<void> {
    const answer = await this.#client.ask({ method: 'HEAD', path: '' }, signal);
    if (answer.status >= 500) throw httpFault(this.name, 'answer at all', answer);
  }

  async #send(type: EventType, devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    const secrets = this.#secrets.now();
    const answers: Answer[] = [];
    for (const device of devices) answers.push(await this.#sendOne(type, device, secrets, signal));
    return answers;
  }

  async #sendOne(
    type: EventType,
    device: Device,
    secrets: readonly KeyObject[],
    signal: AbortSignal,
  ): Promise<Answer> {
    const id = `${type}.${device.certificateSha256}`;
    const body = JSON.stringify(eventOf(type, device));
    const headers = signedHeaders(id, body, secrets);
    const answer = await this.#client.ask({ method: 'POST', path: '', headers, body }, signal);
    return answer.status >= 200 && answer.status < 300 ? 'done' : this.#fault(answer);
  }

  #fault(answer: HttpAnswer): DeviceRegistryError {
    return httpFault(this.name, 'take an event', answer);
  }
}

/** A repetition has the same bytes. */
function eventOf(type: EventType, device: Device): unknown {
  const { serial, product, batchId, boardId, commonName, organization, certificate, certificateSha256 } =
    device;
  return {
    type,
    data: {
      serial,
      product,
      batchId,
      boardId,
      commonName,
      organization,
      certificateSha256,
      certificate: Buffer.from(certificate).toString('base64'),
    },
  };
}
