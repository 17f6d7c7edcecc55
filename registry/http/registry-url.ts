import { isThisHost } from './http-client.ts';

/** What is wrong with the address of a device registry; undefined when nothing is. It never repeats the address. */
export function registryUrlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is not an address like https://example.com/hook';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '') return 'contains a credential: put it into a file';
  if (hash !== '') return 'may have nothing after a "#"';
  if (protocol === 'https:') return undefined;
  if (protocol !== 'http:') return 'must begin with https://';
  return isThisHost(hostname) ? undefined : 'must begin with https://, as it is on another host';
}
