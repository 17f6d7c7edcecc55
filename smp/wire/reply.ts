import { describeDeviceError } from '../device-error.ts';
import type { DeviceError } from '../device-error.ts';
import { decodeCborMap } from './smp-cbor.ts';
import { text } from './smp-request.ts';
import type { ReplyBody, SmpRequest } from './smp-request.ts';

/** What a board answered: the value asked for, or its refusal with the rest of the refusing reply. */
export type Reply<Value> = { ok: true; value: Value } | { ok: false; device: DeviceError; body: ReplyBody };

/** Reads the body of an answer; `undefined` when it is not what the protocol says. */
export function decodeReply<Value>(
  request: SmpRequest<never, Value>,
  bytes: Uint8Array,
): Reply<Value> | undefined {
  const body = decodeCborMap(bytes);
  if (body === undefined) return undefined;
  const outcome = outcomeOf(body, request.rcIsResult === true && 'o' in body);
  if (outcome === 'malformed') return undefined;
  if (outcome !== 'success') return { ok: false, device: outcome, body };
  const value = request.parse(body);
  return value === undefined ? undefined : { ok: true, value };
}

/**
 * Version 2 names group and code in `err`; version 1 and the protocol itself give a bare `rc`, 0 for success. Firmware
 * that answers with an errno of its own, below zero, has failed as well.
 */
function outcomeOf(body: ReplyBody, rcIsResult: boolean): 'success' | 'malformed' | DeviceError {
  const reason = text(body, 'rsn');
  if ('err' in body) {
    const { group, rc } = isMap(body['err']) ? body['err'] : {};
    if (!isCode(group) || !isCode(rc) || rc === 0) return 'malformed';
    return describeDeviceError(group, rc, reason);
  }
  if (!('rc' in body) || rcIsResult) return 'success';
  const { rc } = body;
  if (!isCode(rc)) return 'malformed';
  return rc === 0 ? 'success' : describeDeviceError(undefined, rc, reason);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isCode(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
