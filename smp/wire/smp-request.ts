import type { CborRequest } from './smp-cbor.ts';

/** What a board does before it answers: that decides how long an answer may take. */
export type AnswerPace = 'quick' | 'open' | 'write' | 'close' | 'shell' | 'hash';

/** The body of a successful reply, not yet looked at. */
export type ReplyBody = Readonly<Record<string, unknown>>;

/**
 * What to do when nobody answers. `freely`: sending it twice does the same as sending it once, so the client
 * repeats it. `by caller`: the client reports it after the usual time and the caller decides. `never`: the client
 * waits as long as the board may take and then reports it.
 */
export type RepeatRule = 'freely' | 'by caller' | 'never';

/**
 * One command of the protocol, with the shape of what goes out and of what comes back. `parse` returns
 * `undefined` when the body is not of the shape; views into it must not outlive the call.
 */
export interface SmpRequest<Parameters, Reply> {
  /** For messages, e.g. `file upload`. */
  readonly name: string;
  readonly group: number;
  readonly id: number;
  readonly op: 'read' | 'write';
  /** How long the board may take. */
  readonly pace: AnswerPace;
  readonly repeat: RepeatRule;
  /** The board's answer fills its buffer, so it takes as long on the wire. */
  readonly longReply?: boolean;
  /** `rc` beside other keys is a result of this command, not an error (old shell groups). */
  readonly rcIsResult?: boolean;
  encode(parameters: Parameters): CborRequest;
  parse(body: ReplyBody): Reply | undefined;
}

/** A non-negative integer of a reply, or `undefined`. */
export function unsigned(body: ReplyBody, key: string): number | undefined {
  const value = body[key];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A text string of a reply, or `undefined`. */
export function text(body: ReplyBody, key: string): string | undefined {
  const value = body[key];
  return typeof value === 'string' ? value : undefined;
}

/** A byte string of a reply (a view), or `undefined`. */
export function byteString(body: ReplyBody, key: string): Uint8Array | undefined {
  const value = body[key];
  return value instanceof Uint8Array ? value : undefined;
}

/** A list of maps of a reply, or `undefined`; what is not a map is left out. */
export function records(body: ReplyBody, key: string): ReplyBody[] | undefined {
  const value = body[key];
  if (!Array.isArray(value)) return undefined;
  return value.filter((entry): entry is ReplyBody => typeof entry === 'object' && entry !== null);
}
