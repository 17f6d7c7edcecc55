// The configuration of a simulator process, checked where it comes in.

import { z } from 'zod';

import { BOARD_SPEEDS } from '../board/board-speed.ts';
import { parseFault } from '../faults.ts';
import { FIRMWARE_PROFILES } from '../firmware-profile.ts';
import type { FirmwareName } from '../firmware-profile.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { OperatorOptions } from './virtual-operator.ts';

/** Two seconds to notice and take a board out, three to seat the next: estimates of a practised hand. */
const OPERATOR_DEFAULTS: OperatorOptions = { unloadMs: 2000, loadMs: 3000, replaceFailed: false };
/** On an instant line the hands are instant, too. */
const INSTANT_OPERATOR: OperatorOptions = { unloadMs: 0, loadMs: 0, replaceFailed: false };

const FIRMWARE_NAMES = Object.keys(FIRMWARE_PROFILES) as [FirmwareName, ...FirmwareName[]];
const SPEED_NAMES = Object.keys(BOARD_SPEEDS) as (keyof typeof BOARD_SPEEDS)[];

// Each message says what the field must be; `refusal` puts the field before it.
const text = z.string('a text').min(1, 'a text');
/** Names become parts of file names. */
const name = text.regex(/^(?!\.)[\w.-]+$/, 'letters, digits, ".", "_" and "-"');
const amount = z.number('a number of 0 or more').min(0, 'a number of 0 or more');
const ordinal = z.int('1, 2, 3 …').min(1, '1, 2, 3 …');
const list = <T extends z.ZodType>(element: T): z.ZodArray<T> => z.array(element, 'a list');

/** An object with no other fields than these: a misspelt one is an error, not a default. */
function fields<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `an object of ${Object.keys(shape).join(', ')}; "${issue.keys[0]}" is unknown`
        : 'an object',
  });
}

const { realistic } = BOARD_SPEEDS;
const speed = z.union(
  [
    z.enum(SPEED_NAMES),
    fields({
      baudRate: amount.default(realistic.baudRate),
      flashProgramMsPerByte: amount.default(realistic.flashProgramMsPerByte),
      flashEraseMsPerBlock: amount.default(realistic.flashEraseMsPerBlock),
      handlingMs: amount.default(realistic.handlingMs),
      lineHandlingMs: amount.default(realistic.lineHandlingMs),
    }),
  ],
  '"instant", "realistic" or figures',
);

const simulatorConfig = fields({
  /** Holds `line.json`, `boards/` and `ports/`. */
  directory: text,
  stations: list(fields({ id: name, sockets: list(name), tileFile: text })),
  /** The firmware of new boards. */
  firmware: z.enum(FIRMWARE_NAMES, `one of ${FIRMWARE_NAMES.join(', ')}`).default('factory'),
  /** Of which product the boards say they are (`os info`, hardware platform); the firmware's own word if left out. */
  product: text.optional(),
  speed: speed.default('realistic'),
  operator: fields({
    unloadMs: amount.optional(),
    loadMs: amount.optional(),
    replaceFailed: z.boolean('true or false').optional(),
  }).default({}),
  faults: list(
    fields({
      station: name.optional(),
      socket: name.optional(),
      nth: ordinal,
      fault: z.unknown().transform(parseFault),
    }),
  ).default([]),
  keyPath: text.optional(),
}).transform(({ operator, product, keyPath, ...config }) => {
  const hands = config.speed === 'instant' ? INSTANT_OPERATOR : OPERATOR_DEFAULTS;
  const { unloadMs = hands.unloadMs, loadMs = hands.loadMs, replaceFailed = hands.replaceFailed } = operator;
  return { ...config, product, keyPath, operator: { unloadMs, loadMs, replaceFailed } };
});

/** What `runSimulator` runs. */
export type SimulatorConfig = Readonly<z.infer<typeof simulatorConfig>>;

/**
 * Checks a configuration that was read as JSON; throws SIMULATOR_CONFIG_INVALID naming the field and what it must be.
 */
export function parseSimulatorConfig(value: unknown): SimulatorConfig {
  const { data, error } = simulatorConfig.safeParse(value);
  if (error === undefined) return data;
  throw new SimulatorError('SIMULATOR_CONFIG_INVALID', `Simulator configuration: ${refusal(error)}.`);
}

/** The first thing that is wrong: where, and what belongs there. */
function refusal({ issues: [issue] }: z.ZodError): string {
  const [path, message] = innermost(issue!);
  const where = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return `${where.replace(/^\./, '') || 'the whole'} must be ${message}`;
}

/** Of a union, what is wrong with the one that was meant: an object means figures. */
function innermost(issue: z.core.$ZodIssue): [path: PropertyKey[], message: string] {
  const inner =
    issue.code === 'invalid_union'
      ? issue.errors.flat().find(({ code, path }) => path.length > 0 || code === 'unrecognized_keys')
      : undefined;
  return [[...issue.path, ...(inner?.path ?? [])], (inner ?? issue).message];
}
