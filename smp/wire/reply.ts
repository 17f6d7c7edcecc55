import { describeDeviceError } from '../device-error.ts';
import type { DeviceError } from '../device-error.ts';
import { decodeCborMap } from './smp-cbor.ts';
import { text, unsigned } from './smp-request.ts';
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
  const device = request.rcIsResult === true && 'o' in body ? undefined : deviceErrorOf(body);
  if (device !== undefined) return { ok: false, device, body };
  const value = request.parse(body);
  return value === undefined ? undefined : { ok: true, value };
}

/** Version 2 names group and code in `err`; version 1 and the protocol itself give a bare `rc`, 0 for success. */
function deviceErrorOf(body: ReplyBody): DeviceError | undefined {
  const error = body['err'];
  if (typeof error === 'object' && error !== null) {
    const { group, rc } = error as { group?: unknown; rc?: unknown };
    if (typeof group === 'number' && typeof rc === 'number' && rc !== 0) {
      return describeDeviceError(group, rc, text(body, 'rsn'));
    }
  }
  const rc = unsigned(body, 'rc') ?? 0;
  return rc === 0 ? undefined : describeDeviceError(undefined, rc, text(body, 'rsn'));
}
