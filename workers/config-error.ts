export const CONFIG_CODES = [
  'CONFIG_NOT_FOUND',
  'CONFIG_INVALID',
  'LINE_RUNNING',
  'LINE_NOT_RUNNING',
] as const;

export type ConfigCode = (typeof CONFIG_CODES)[number];

/** What is wrong with how the line is set up; `message` says where, what, and how to mend it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigCode;

  constructor(code: ConfigCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
