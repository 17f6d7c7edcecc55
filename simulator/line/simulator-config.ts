// The configuration of a simulator process, checked where it comes in.

import { BOARD_SPEEDS } from '../board/board-speed.ts';
import type { BoardSpeed, BoardSpeedChoice } from '../board/board-speed.ts';
import { parseFault } from '../faults.ts';
import { FIRMWARE_PROFILES } from '../firmware-profile.ts';
import type { FirmwareName } from '../firmware-profile.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { PlannedFault } from './virtual-line.ts';
import type { OperatorOptions, WatchedStation } from './virtual-operator.ts';

/** What `runSimulator` runs. */
export interface SimulatorConfig {
  /** Holds `line.json`, `boards/` and `ports/`. */
  readonly directory: string;
  readonly stations: readonly WatchedStation[];
  /** The firmware of new boards; `factory` if left out. */
  readonly firmware: FirmwareName;
  /** Of which product the boards say they are (`os info`, hardware platform); the firmware's own word if left out. */
  readonly product: string | undefined;
  readonly speed: BoardSpeedChoice;
  readonly operator: OperatorOptions;
  readonly faults: readonly PlannedFault[];
  readonly keyPath: string | undefined;
}

/** Two seconds to notice and take a board out, three to seat the next: estimates of a practised hand. */
const OPERATOR_DEFAULTS: OperatorOptions = { unloadMs: 2000, loadMs: 3000, replaceFailed: false };
/** On an instant line the hands are instant, too. */
const INSTANT_OPERATOR: OperatorOptions = { unloadMs: 0, loadMs: 0, replaceFailed: false };

const KNOWN = ['directory', 'stations', 'firmware', 'product', 'speed', 'operator', 'faults', 'keyPath'];

type Fields = Readonly<Record<string, unknown>>;

function refuse(where: string, expected: string): never {
  throw new SimulatorError(
    'SIMULATOR_CONFIG_INVALID',
    `Simulator configuration: ${where} must be ${expected}.`,
  );
}

/** An object with no other fields than the known ones: a misspelt one is an error, not a default. */
function fields(value: unknown, where: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where, 'an object');
  const stranger = Object.keys(value).find((key) => !known.includes(key));
  if (stranger !== undefined) refuse(where, `an object of ${known.join(', ')}; "${stranger}" is unknown`);
  return value as Fields;
}

function list(value: unknown, where: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(where, 'a list');
}

function text(value: unknown, where: string): string {
  return typeof value === 'string' && value !== '' ? value : refuse(where, 'a text');
}

/** Names become parts of file names. */
function name(value: unknown, where: string): string {
  const given = text(value, where);
  return /^[\w.-]+$/.test(given) && !given.startsWith('.')
    ? given
    : refuse(where, 'letters, digits, ".", "_" and "-"');
}

function amount(value: unknown, where: string): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? value
    : refuse(where, 'a number of 0 or more');
}

function optional<T>(
  value: unknown,
  where: string,
  read: (value: unknown, where: string) => T,
): T | undefined {
  return value === undefined ? undefined : read(value, where);
}

function station(value: unknown, where: string): WatchedStation {
  const given = fields(value, where, ['id', 'sockets', 'tileFile']);
  return {
    id: name(given['id'], `${where}.id`),
    sockets: list(given['sockets'], `${where}.sockets`).map((socket) => name(socket, `${where}.sockets`)),
    tileFile: text(given['tileFile'], `${where}.tileFile`),
  };
}

function firmware(value: unknown, where: string): FirmwareName {
  const given = text(value, where);
  return Object.hasOwn(FIRMWARE_PROFILES, given)
    ? (given as FirmwareName)
    : refuse(where, `one of ${Object.keys(FIRMWARE_PROFILES).join(', ')}`);
}

function speed(value: unknown, where: string): BoardSpeedChoice {
  if (typeof value === 'string') {
    return Object.hasOwn(BOARD_SPEEDS, value)
      ? (value as keyof typeof BOARD_SPEEDS)
      : refuse(where, '"instant", "realistic" or figures');
  }
  const figures: Record<keyof BoardSpeed, number> = { ...BOARD_SPEEDS.realistic };
  const given = fields(value, where, Object.keys(figures));
  for (const key of Object.keys(figures) as (keyof BoardSpeed)[]) {
    figures[key] = optional(given[key], `${where}.${key}`, amount) ?? figures[key];
  }
  return figures;
}

function operator(value: unknown, where: string, defaults: OperatorOptions): OperatorOptions {
  const given = fields(value, where, Object.keys(defaults));
  const replaceFailed = given['replaceFailed'] ?? defaults.replaceFailed;
  if (typeof replaceFailed !== 'boolean') refuse(`${where}.replaceFailed`, 'true or false');
  return {
    unloadMs: optional(given['unloadMs'], `${where}.unloadMs`, amount) ?? defaults.unloadMs,
    loadMs: optional(given['loadMs'], `${where}.loadMs`, amount) ?? defaults.loadMs,
    replaceFailed,
  };
}

function plannedFault(value: unknown, where: string): PlannedFault {
  const given = fields(value, where, ['station', 'socket', 'nth', 'fault']);
  const nth = amount(given['nth'], `${where}.nth`);
  if (!Number.isInteger(nth) || nth < 1) refuse(`${where}.nth`, '1, 2, 3 …');
  return {
    station: optional(given['station'], `${where}.station`, name),
    socket: optional(given['socket'], `${where}.socket`, name),
    nth,
    fault: parseFault(given['fault']),
  };
}

/** Checks a configuration that was read as JSON; throws SIMULATOR_CONFIG_INVALID naming the field and what it must be. */
export function parseSimulatorConfig(value: unknown): SimulatorConfig {
  const given = fields(value, 'the whole', KNOWN);
  const chosenSpeed = optional(given['speed'], 'speed', speed) ?? 'realistic';
  const hands = chosenSpeed === 'instant' ? INSTANT_OPERATOR : OPERATOR_DEFAULTS;
  return {
    directory: text(given['directory'], 'directory'),
    stations: list(given['stations'], 'stations').map((each, index) => station(each, `stations[${index}]`)),
    firmware: optional(given['firmware'], 'firmware', firmware) ?? 'factory',
    product: optional(given['product'], 'product', text),
    speed: chosenSpeed,
    operator: operator(given['operator'] ?? {}, 'operator', hands),
    faults: list(given['faults'] ?? [], 'faults').map((each, index) =>
      plannedFault(each, `faults[${index}]`),
    ),
    keyPath: optional(given['keyPath'], 'keyPath', text),
  };
}
