// Zephyr's SMP server (subsys/mgmt/mcumgr/smp/src/smp.c): from one received packet to the messages that answer it.

import { CborRefused } from './cbor-reader.ts';
import { encodeMap } from './cbor-writer.ts';
import type { CborMap } from './cbor-writer.ts';
import type { FirmwareProfile } from '../firmware-profile.ts';
import { RC } from './smp-answer.ts';
import type { SmpAnswer, SmpCommand, SmpGroup } from './smp-answer.ts';

const HEADER_BYTES = 8;
const OP_READ = 0;
const OP_WRITE = 2;

interface RequestHeader {
  readonly op: number;
  readonly version: number;
  readonly length: number;
  readonly group: number;
  readonly sequence: number;
  readonly id: number;
}

/** What the dispatcher needs to know of the board it works for. */
export interface DispatchContext {
  readonly profile: Pick<FirmwareProfile, 'netBufSize' | 'originalProtocol' | 'groupErrors'>;
  readonly groups: readonly SmpGroup[];
  /** False when the packet pool has no buffer left for an answer. */
  readonly responseBufferFree: boolean;
}

function readHeader(packet: Uint8Array): RequestHeader {
  const view = new DataView(packet.buffer, packet.byteOffset, HEADER_BYTES);
  return {
    op: view.getUint8(0) & 0x07,
    version: (view.getUint8(0) >> 3) & 0x03,
    length: view.getUint16(2),
    group: view.getUint16(4),
    sequence: view.getUint8(6),
    id: view.getUint8(7),
  };
}

function renderMessage(request: RequestHeader, cbor: Uint8Array): Uint8Array {
  const message = new Uint8Array(HEADER_BYTES + cbor.length);
  const view = new DataView(message.buffer);
  view.setUint8(0, (Math.min(request.version, 1) << 3) | (request.op === OP_READ ? 1 : 3));
  view.setUint16(2, cbor.length);
  view.setUint16(4, request.group);
  view.setUint8(6, request.sequence);
  view.setUint8(7, request.id);
  message.set(cbor, HEADER_BYTES);
  return message;
}

function findCommand(groups: readonly SmpGroup[], header: RequestHeader): SmpCommand | undefined {
  const command = groups.find((group) => group.id === header.group)?.commands.get(header.id);
  return header.op === OP_READ ? command?.read : command?.write;
}

function runCommand(context: DispatchContext, header: RequestHeader, rest: Uint8Array): SmpAnswer {
  if (header.op !== OP_READ && header.op !== OP_WRITE) return { rc: RC.ENOTSUP };
  if (!context.responseBufferFree) return { rc: RC.ENOMEM };
  if (header.version === 0 && !context.profile.originalProtocol) return { rc: RC.TOO_OLD };
  if (header.version > 1) return { rc: RC.TOO_NEW };
  const command = findCommand(context.groups, header);
  if (!command) return { rc: RC.ENOTSUP };
  try {
    return command(rest);
  } catch (error) {
    if (error instanceof CborRefused) return { rc: RC.EINVAL };
    throw error;
  }
}

/**
 * The body of an answer and whether it ends the packet: generic codes do, errors of a group do not unless translated.
 */
function bodyOf(
  context: DispatchContext,
  header: RequestHeader,
  answer: Exclude<SmpAnswer, 'silence'>,
): [CborMap, boolean] {
  if ('body' in answer) return [answer.body, false];
  if ('rc' in answer) return [[['rc', answer.rc]], true];
  if (header.version === 0 || !context.profile.groupErrors) {
    const group = context.groups.find(({ id }) => id === header.group);
    return [[['rc', group?.toLegacyRc(answer.groupError) ?? 1]], true];
  }
  const error: CborMap = [
    ['group', header.group],
    ['rc', answer.groupError],
  ];
  return [[['err', { map: error }], ...(answer.more ?? [])], false];
}

/**
 * Answers every request of a packet in order; the first generic error ends it. A packet shorter than a header gets
 * nothing.
 */
export function answerPacket(context: DispatchContext, packet: Uint8Array): Uint8Array[] {
  const answers: Uint8Array[] = [];
  for (let rest = packet; rest.length >= HEADER_BYTES;) {
    const header = readHeader(rest);
    const cbor = rest.subarray(HEADER_BYTES);
    // The decoder is given all that is left of the packet, not just the announced length.
    const answer = cbor.length < header.length ? { rc: RC.ECORRUPT } : runCommand(context, header, cbor);
    if (answer === 'silence') return answers;
    const [body, last] = bodyOf(context, header, answer);
    const message = renderMessage(header, encodeMap(body));
    const fits = message.length <= context.profile.netBufSize;
    answers.push(fits ? message : renderMessage(header, encodeMap([['rc', RC.EMSGSIZE]])));
    if (last || !fits) return answers;
    rest = cbor.subarray(header.length);
  }
  return answers;
}
