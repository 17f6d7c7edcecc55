import { ConfigError } from './config-error.ts';

/** Names the address of the metrics of one process; it takes the place of the one in the configuration. */
const VARIABLE = 'CERTLINE_METRICS';

export const METRICS_ADDRESS_RULE =
  'must be an address of this host and a port, for example 127.0.0.1:9464 or [::1]:9464';

/** Whether the text is `host:port`, with a port from 0 to 65535; 0 is any free one. */
export function isMetricsAddress(text: string): boolean {
  const port = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) <= 65_535;
}

/** The address that the environment names. Throws CONFIG_INVALID for one that is none. */
export function metricsAddressIn(environment: NodeJS.ProcessEnv): string | undefined {
  const named = environment[VARIABLE];
  if (named === undefined || named === '') return undefined;
  if (isMetricsAddress(named)) return named;
  throw new ConfigError('CONFIG_INVALID', `${VARIABLE} is "${named}": it ${METRICS_ADDRESS_RULE}.`);
}
