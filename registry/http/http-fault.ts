import type { DeviceRegistryReason } from '../device-registry-error.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { LONGEST_PAUSE_MS } from '../outbox.ts';
import type { HttpAnswer } from './http-client.ts';
import { quoted } from './quoted.ts';

/** Where a device registry asks for patience without saying how long. */
const THROTTLE_WAIT_MS = 10_000;

/**
 * What an answer other than success means by RFC 9110 and RFC 6585. An adapter looks first for what its cloud says in another
 * way. `what` is what was asked, as in "register a device"; `said` is what the cloud says of it in a body of its own kind; `known`
 * what to do about it, where the adapter knows better.
 */
export function httpFault(
  name: string,
  what: string,
  answer: HttpAnswer,
  said = '',
  known?: string,
): DeviceRegistryError {
  const { status } = answer;
  const words = said === '' ? '' : `, "${quoted(said, answer.secrets)}"`;
  const isElsewhere = isOfAddress(status, said !== '');
  const reason = isElsewhere ? 'credentials' : reasonOf(status);
  const general = isElsewhere ? ADDRESS_ADVICE : status === 407 ? PROXY_ADVICE : ADVICE[reason];
  const advice = known ?? general;
  const message = `The registry ${name} answered ${status}${words} when asked to ${what}: ${advice}.`;
  const waitMs = reason === 'throttled' ? (retryAfterMs(answer) ?? THROTTLE_WAIT_MS) : retryAfterMs(answer);
  return new DeviceRegistryError(reason, message, {
    isUnknown: reason === 'unavailable',
    ...(waitMs !== undefined && { waitMs }),
  });
}

const ADVICE: Readonly<Record<DeviceRegistryReason, string>> = {
  unavailable: 'it is tried again',
  throttled: 'it is asked again later',
  credentials: 'correct its credentials, or what they are allowed to do',
  refused: 'correct what it refuses, then retry the unit',
  conflict: 'find out which certificate is real',
};

const PROXY_ADVICE = 'correct the name and the password in the address of the proxy';

export const ADDRESS_ADVICE =
  'that says nothing about a device, so correct its address in the configuration, or the server or proxy there';

/** What a server that does not know the path, the method or the host answers; also a redirect, which is not followed. */
const NOT_HERE: ReadonlySet<number> = new Set([404, 405, 410, 421]);
/** What can only be about the body that was sent. */
const OF_BODY: ReadonlySet<number> = new Set([413, 422]);

/**
 * Whether an answer is of whatever stands at the address, and not about the device. It would be the same for every other device,
 * so the device registry waits for a person and no unit is parked. `isOwn`: its body is of the cloud's own kind.
 */
export function isOfAddress(status: number, isOwn: boolean): boolean {
  if (status < 300) return false;
  if (status < 400 || NOT_HERE.has(status)) return true;
  return !isOwn && !OF_BODY.has(status) && reasonOf(status) === 'refused';
}

function reasonOf(status: number): DeviceRegistryReason {
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403 || status === 407) return 'credentials';
  if (status === 409) return 'conflict';
  if (status === 408 || status === 425 || status >= 500) return 'unavailable';
  return 'refused';
}

/** As RFC 9110 §5.6.7 has it. `Date.parse` would take "-5" for a day in May. */
const HTTP_DATE = /^[A-Z][a-z]{2,8}, \d{2}[ -].* GMT$/;

/**
 * The pause that an answer asks for (RFC 9110 §10.2.3), at most an hour; undefined where it asks for none. One of no length is
 * none: without a pause the next answer would be the same, and a date that has passed is often that of another clock.
 */
export function retryAfterMs({ headers }: Pick<HttpAnswer, 'headers'>, now = Date.now()): number | undefined {
  const text = headers['retry-after'] ?? '';
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1_000
    : HTTP_DATE.test(text)
      ? Date.parse(text) - now
      : Number.NaN;
  return ms > 0 ? Math.min(ms, LONGEST_PAUSE_MS) : undefined;
}

/**
 * The JSON of a success. Throws `unavailable` for anything else, since a proxy or a broken server may have answered: what was
 * asked may have been done.
 */
export function jsonIn(name: string, { body }: HttpAnswer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    throw notUnderstood(name);
  }
}

/** An answer that is not what the device registry documents. */
export function notUnderstood(name: string): DeviceRegistryError {
  const message = `The registry ${name} gave an answer that is not of its kind: it is tried again.`;
  return new DeviceRegistryError('unavailable', message, { isUnknown: true });
}
