export type ConfigCode = 'CONFIG_NOT_FOUND' | 'CONFIG_INVALID' | 'LINE_RUNNING' | 'LINE_NOT_RUNNING';

/** A fault in the set-up of the factory line; `message` says where, what, and how to fix it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigCode;

  constructor(code: ConfigCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
