/**
 * Why nothing is sent to a device registry, where its configuration names another account than the kept one, which has its devices;
 * with both ways out. Undefined where nothing is wrong.
 */
export function otherAccount(
  name: string,
  kept: string | undefined,
  configured: string | undefined,
): string | undefined {
  if (kept === undefined || kept === configured) return undefined;
  const names = configured === undefined ? 'names none' : `names "${configured}"`;
  return `The devices of the registry ${name} are in the account "${kept}", and its configuration ${names}: nothing is sent. Give it the old account back, or configure the new one as a registry of another name.`;
}
