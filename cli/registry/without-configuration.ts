export const NOT_CONFIGURED = 'is not in the configuration';

/** Why nothing of a device registry is sent that the configuration does not have, and both ways out. */
export function withoutConfiguration(registry: string): string {
  return `${NOT_CONFIGURED}: nothing is sent, and lots wait for it. Add it again under this name, or give up what is open: certline registry abandon --registry ${registry} --reason "…"`;
}
