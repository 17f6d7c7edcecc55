// What the simulator itself could not do. What a virtual board says is data, never this.

/** The closed set of codes. */
const CODES = [
  /** No pseudo-terminal: the optional package for this platform is missing, or the system refused. */
  'SIMULATOR_PTY_UNAVAILABLE',
  /** Another simulator runs on the same directory. */
  'SIMULATOR_DIRECTORY_IN_USE',
  /** The configuration, a fault or a stored file is not what it should be. */
  'SIMULATOR_CONFIG_INVALID',
  /** A call names a station, socket or board that is not there, or a socket that is taken. */
  'SIMULATOR_NO_SUCH_PLACE',
] as const;

/** A code of the closed set above. */
export type SimulatorErrorCode = (typeof CODES)[number];

/** Thrown by the simulator; `message` says where, what, and how to fix it. */
export class SimulatorError extends Error {
  readonly code: SimulatorErrorCode;

  constructor(code: SimulatorErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SimulatorError';
    this.code = code;
  }
}
