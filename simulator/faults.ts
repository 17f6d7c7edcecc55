// Faults on demand: what can be wrong with a virtual board. One row each; `nth` counts from the moment the fault is set.

import { SimulatorError } from './simulator-error.ts';

/** What a parameter of a fault is. */
type ParameterKind = 'count' | 'number' | 'text' | 'boolean';
type ParameterType<K> = K extends 'text' ? string : K extends 'boolean' ? boolean : number;
type Parameters = Readonly<Record<string, ParameterKind>>;

interface FaultRow {
  readonly effect: string;
  readonly needs: Parameters;
  readonly may: Parameters;
  /** Whether it happens once and is then gone; the others last until cleared. */
  readonly once: boolean;
}

/** Every fault: its effect, its parameters, and whether it happens once or lasts until it is cleared. */
export const FAULTS = {
  'lose-request': { effect: 'the nth request never arrives', needs: { nth: 'count' }, may: {}, once: true },
  'corrupt-request': {
    effect: 'a bit of the nth request flips on the wire: the board drops it in silence',
    needs: { nth: 'count' },
    may: {},
    once: true,
  },
  'duplicate-request': {
    effect: 'the nth request arrives twice',
    needs: { nth: 'count' },
    may: {},
    once: true,
  },
  'delay-request': {
    effect: 'the nth request is handled delayMs later',
    needs: { nth: 'count', delayMs: 'number' },
    may: {},
    once: true,
  },
  'lose-answer': { effect: 'the nth answer never arrives', needs: { nth: 'count' }, may: {}, once: true },
  'corrupt-answer': {
    effect: 'a character of the nth answer changes on the wire: the byte at `at`, else one in the middle',
    needs: { nth: 'count' },
    may: { at: 'number' },
    once: true,
  },
  'duplicate-answer': {
    effect: 'the nth answer arrives twice',
    needs: { nth: 'count' },
    may: {},
    once: true,
  },
  'delay-answer': {
    effect: 'the nth answer comes delayMs later',
    needs: { nth: 'count', delayMs: 'number' },
    may: {},
    once: true,
  },
  'cut-answer': {
    effect: 'of the nth answer only the first `bytes` bytes arrive',
    needs: { nth: 'count', bytes: 'number' },
    may: {},
    once: true,
  },
  'stale-answer': {
    effect: 'the answer before the nth is sent once more in front of it',
    needs: { nth: 'count' },
    may: {},
    once: true,
  },
  'log-noise': {
    effect:
      'log text gets into the answers (or the nth): `before` the first marker, `between` lines, or `inside` a line',
    needs: { where: 'text' },
    may: { nth: 'count', text: 'text' },
    once: false,
  },
  silent: { effect: 'the board never answers', needs: {}, may: {}, once: false },
  slow: { effect: 'every answer comes delayMs later', needs: { delayMs: 'number' }, may: {}, once: false },
  reset: {
    effect: 'the board restarts instead of handling the nth request; open files are lost',
    needs: { nth: 'count' },
    may: {},
    once: true,
  },
  unplug: {
    effect:
      'the port goes away when byte `atUploadByte` of file data arrives; the chunk is not answered. With returnAfterMs the ' +
      'board comes back; with keepsPower only the cable went, and the idle close may commit a short file',
    needs: { atUploadByte: 'count' },
    may: { returnAfterMs: 'number', keepsPower: 'boolean' },
    once: true,
  },
  'deaf-after-answer': {
    effect: 'what arrives within forMs after an answer is lost, as on a line that turns round slowly',
    needs: { forMs: 'number' },
    may: {},
    once: false,
  },
  'shell-prompt': {
    effect: 'the prompt of the shell on the console is `text`',
    needs: { text: 'text' },
    may: {},
    once: false,
  },
  'shell-without-result': {
    effect: 'the shell on the console does not tell what a command returned (no `retval`)',
    needs: {},
    may: {},
    once: false,
  },
  'stuck-port': {
    effect:
      'from the nth request on the port takes no more bytes: held by flow control, or by a wedged adapter',
    needs: { nth: 'count' },
    may: {},
    once: true,
  },
  'forget-writes': {
    effect: 'writes (to `path`) are acknowledged and not persisted: the old content, or an empty file, stays',
    needs: {},
    may: { path: 'text' },
    once: false,
  },
  'disk-full': { effect: 'the file system has no free block', needs: {}, may: {}, once: false },
  'full-at-close': {
    effect: 'space runs out only when a file is closed: 4.4 says so with err 17, older firmware says nothing',
    needs: {},
    may: { path: 'text' },
    once: false,
  },
  'flip-stored-byte': {
    effect: 'a bit of what is stored (at `path`) flips: of the byte at `at`, else of the last',
    needs: {},
    may: { path: 'text', at: 'number' },
    once: false,
  },
  'unsupported-group': {
    effect: 'the firmware was built without a management group',
    needs: { group: 'number' },
    may: {},
    once: false,
  },
  'wrong-product': {
    effect: 'the board is of another product, or runs another version',
    needs: {},
    may: { platform: 'text', version: 'text' },
    once: false,
  },
  'not-writable': {
    effect: 'the application refuses to have `path` written (access hook, rc 11)',
    needs: { path: 'text' },
    may: {},
    once: false,
  },
  'foreign-certificate': {
    effect: "the board already carries somebody else's certificate and key",
    needs: {},
    may: {},
    once: false,
  },
} as const satisfies Record<string, FaultRow>;

/** The name of a fault. */
export type FaultKind = keyof typeof FAULTS;

type Needed<P> = { readonly [N in keyof P]: ParameterType<P[N]> };
type Allowed<P> = { readonly [N in keyof P]?: ParameterType<P[N]> };

/** A fault with its parameters, as it stands in a configuration or in `board.json`. */
export type BoardFault<K extends FaultKind = FaultKind> = {
  [P in K]: { readonly kind: P } & Needed<(typeof FAULTS)[P]['needs']> & Allowed<(typeof FAULTS)[P]['may']>;
}[K];

const CHECKS: Readonly<Record<ParameterKind, (value: unknown) => boolean>> = {
  count: (value) => Number.isInteger(value) && Number(value) >= 1,
  number: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
  text: (value) => typeof value === 'string' && value !== '',
  boolean: (value) => typeof value === 'boolean',
};

function refuse(problem: string): never {
  throw new SimulatorError('SIMULATOR_CONFIG_INVALID', `Fault: ${problem}.`);
}

/** Checks a fault that came from outside; throws SIMULATOR_CONFIG_INVALID naming the parameter that is wrong. */
export function parseFault(value: unknown): BoardFault {
  if (typeof value !== 'object' || value === null) refuse('must be an object like {"kind": "silent"}');
  const given = new Map(Object.entries(value));
  const kind = String(given.get('kind'));
  if (!Object.hasOwn(FAULTS, kind))
    refuse(`"${kind}" is unknown; known are ${Object.keys(FAULTS).join(', ')}`);
  const row: FaultRow = FAULTS[kind as FaultKind];
  const known: Parameters = { ...row.may, ...row.needs };
  for (const [name, parameter] of given) {
    if (name === 'kind') continue;
    const expected = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!expected) refuse(`${kind} has no parameter "${name}"`);
    if (!CHECKS[expected](parameter)) refuse(`${name} of ${kind} must be a ${expected}`);
  }
  for (const name of Object.keys(row.needs)) if (!given.has(name)) refuse(`${kind} needs "${name}"`);
  return value as BoardFault;
}
