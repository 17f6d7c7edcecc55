import { proxyVariable } from './proxy-fault.ts';

/** The name and the password in the address of the proxy for `url`, as they are sent to it and as they are in the address. */
export function proxyCredentials(url: URL, environment: NodeJS.ProcessEnv): string[] {
  const text = environment[proxyVariable(url, environment) ?? ''] ?? '';
  if (!URL.canParse(text)) return [];
  const { username, password } = new URL(text);
  const pair = `${decoded(username)}:${decoded(password)}`;
  // A name alone is a token.
  const secret = password === '' ? username : password;
  return secret === '' ? [] : [pair, secret, decoded(secret)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
