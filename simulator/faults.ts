// Faults on demand: what can be wrong with a virtual board. One row each; `nth` counts from the moment the fault is
// set.

import { z } from 'zod';

import { SimulatorError } from './simulator-error.ts';

/** 1, 2, 3 … */
const count = z.int('a count').min(1, 'a count');
const number = z.number('a number').min(0, 'a number');
const text = z.string('a text').min(1, 'a text');
const boolean = z.boolean('a boolean');

interface FaultRow {
  readonly effect: string;
  readonly parameters: z.ZodObject;
  /** Whether it happens once and is then gone; the others last until cleared. */
  readonly once: boolean;
}

/** Every fault: its effect, its parameters, and whether it happens once or lasts until it is cleared. */
export const FAULTS = {
  'lose-request': {
    effect: 'the nth request never arrives',
    parameters: z.strictObject({ nth: count }),
    once: true,
  },
  'corrupt-request': {
    effect: 'a bit of the nth request flips on the wire: the board drops it in silence',
    parameters: z.strictObject({ nth: count }),
    once: true,
  },
  'duplicate-request': {
    effect: 'the nth request arrives twice',
    parameters: z.strictObject({ nth: count }),
    once: true,
  },
  'delay-request': {
    effect: 'the nth request is handled delayMs later',
    parameters: z.strictObject({ nth: count, delayMs: number }),
    once: true,
  },
  'lose-answer': {
    effect: 'the nth answer never arrives',
    parameters: z.strictObject({ nth: count }),
    once: true,
  },
  'corrupt-answer': {
    effect: 'a character of the nth answer changes on the wire: the byte at `at`, else one in the middle',
    parameters: z.strictObject({ nth: count, at: number.exactOptional() }),
    once: true,
  },
  'duplicate-answer': {
    effect: 'the nth answer arrives twice',
    parameters: z.strictObject({ nth: count }),
    once: true,
  },
  'delay-answer': {
    effect: 'the nth answer comes delayMs later',
    parameters: z.strictObject({ nth: count, delayMs: number }),
    once: true,
  },
  'cut-answer': {
    effect: 'of the nth answer only the first `bytes` bytes arrive',
    parameters: z.strictObject({ nth: count, bytes: number }),
    once: true,
  },
  'stale-answer': {
    effect: 'the answer before the nth is sent once more in front of it',
    parameters: z.strictObject({ nth: count }),
    once: true,
  },
  'log-noise': {
    effect:
      'log text gets into the answers (or the nth): `before` the first marker, `between` lines, or `inside` a line',
    parameters: z.strictObject({ where: text, nth: count.exactOptional(), text: text.exactOptional() }),
    once: false,
  },
  silent: { effect: 'the board never answers', parameters: z.strictObject({}), once: false },
  slow: {
    effect: 'every answer comes delayMs later',
    parameters: z.strictObject({ delayMs: number }),
    once: false,
  },
  reset: {
    effect: 'the board restarts instead of handling the nth request; open files are lost',
    parameters: z.strictObject({ nth: count }),
    once: true,
  },
  unplug: {
    effect:
      'the port goes away when byte `atUploadByte` of file data arrives; the chunk is not answered. With returnAfterMs the ' +
      'board comes back; with keepsPower only the cable went, and the idle close may commit a short file',
    parameters: z.strictObject({
      atUploadByte: count,
      returnAfterMs: number.exactOptional(),
      keepsPower: boolean.exactOptional(),
    }),
    once: true,
  },
  'deaf-after-answer': {
    effect: 'what arrives within forMs after an answer is lost, as on a line that turns round slowly',
    parameters: z.strictObject({ forMs: number }),
    once: false,
  },
  'shell-prompt': {
    effect: 'the prompt of the shell on the console is `text`',
    parameters: z.strictObject({ text }),
    once: false,
  },
  'shell-without-result': {
    effect: 'the shell on the console does not say what a command returned (no `retval`)',
    parameters: z.strictObject({}),
    once: false,
  },
  'echo-line': {
    effect: 'what is sent comes back, and no board answers',
    parameters: z.strictObject({}),
    once: false,
  },
  'wrong-baud': {
    effect: 'board and client are at different speeds: neither understands the other',
    parameters: z.strictObject({}),
    once: false,
  },
  'console-only': {
    effect: 'the port leads to the shell of a firmware without SMP, which takes frames for typing',
    parameters: z.strictObject({}),
    once: false,
  },
  crash: {
    effect: 'the firmware faults at the nth request, prints its dump and halts',
    parameters: z.strictObject({ nth: count }),
    once: true,
  },
  'ignores-reset': {
    effect: 'the board accepts a reset and does not restart',
    parameters: z.strictObject({}),
    once: false,
  },
  'stuck-port': {
    effect:
      'from the nth request on the port takes no more bytes: held by flow control, or by a wedged adapter',
    parameters: z.strictObject({ nth: count }),
    once: true,
  },
  'forget-writes': {
    effect: 'writes (to `path`) are acknowledged and not persisted: the old content, or an empty file, stays',
    parameters: z.strictObject({ path: text.exactOptional() }),
    once: false,
  },
  'forget-at-restart': {
    effect: 'a restart empties the file system, as of a RAM disk or of firmware that formats when it boots',
    parameters: z.strictObject({}),
    once: false,
  },
  'disk-full': { effect: 'the file system has no free block', parameters: z.strictObject({}), once: false },
  'full-at-close': {
    effect: 'space runs out only when a file is closed: 4.4 says so with err 17, older firmware says nothing',
    parameters: z.strictObject({ path: text.exactOptional() }),
    once: false,
  },
  'flip-stored-byte': {
    effect: 'a bit of what is stored (at `path`) flips: of the byte at `at`, else of the last',
    parameters: z.strictObject({ path: text.exactOptional(), at: number.exactOptional() }),
    once: false,
  },
  'unsupported-group': {
    effect: 'the firmware was built without a management group',
    parameters: z.strictObject({ group: number }),
    once: false,
  },
  'wrong-product': {
    effect: 'the board is of another product, or runs another version',
    parameters: z.strictObject({ platform: text.exactOptional(), version: text.exactOptional() }),
    once: false,
  },
  'not-writable': {
    effect: 'the application refuses to have `path` written (access hook, rc 11)',
    parameters: z.strictObject({ path: text }),
    once: false,
  },
  'foreign-certificate': {
    effect: "the board already carries somebody else's certificate and key",
    parameters: z.strictObject({}),
    once: false,
  },
} as const satisfies Record<string, FaultRow>;

/** The name of a fault. */
export type FaultKind = keyof typeof FAULTS;

/** Of a fault without parameters zod infers an index of `never`, which would forbid `kind` as well. */
type ParametersOf<K extends FaultKind> = keyof (typeof FAULTS)[K]['parameters']['shape'] extends never
  ? unknown
  : Readonly<z.infer<(typeof FAULTS)[K]['parameters']>>;

/** A fault with its parameters, as in a configuration or in `board.json`. */
export type BoardFault<K extends FaultKind = FaultKind> = {
  [P in K]: { readonly kind: P } & ParametersOf<P>;
}[K];

function isFaultKind(kind: unknown): kind is FaultKind {
  return typeof kind === 'string' && Object.hasOwn(FAULTS, kind);
}

/** Checks a fault that came from outside; throws SIMULATOR_CONFIG_INVALID naming the parameter that is wrong. */
export function parseFault(value: unknown): BoardFault {
  if (typeof value !== 'object' || value === null) throw refused('must be an object like {"kind": "silent"}');
  const { kind, ...parameters } = value as Record<string, unknown>;
  if (!isFaultKind(kind))
    throw refused(`"${String(kind)}" is unknown; known are ${Object.keys(FAULTS).join(', ')}`);
  const { error } = FAULTS[kind].parameters.safeParse(parameters);
  if (error !== undefined) throw refused(problemOf(kind, parameters, error));
  return value as BoardFault;
}

function problemOf(
  kind: FaultKind,
  parameters: Readonly<Record<string, unknown>>,
  { issues: [issue] }: z.ZodError,
): string {
  if (issue?.code === 'unrecognized_keys') return `${kind} has no parameter "${issue.keys[0]}"`;
  const name = String(issue?.path[0]);
  return name in parameters ? `${name} of ${kind} must be ${issue?.message}` : `${kind} needs "${name}"`;
}

function refused(problem: string): SimulatorError {
  return new SimulatorError('SIMULATOR_CONFIG_INVALID', `Fault: ${problem}.`);
}
