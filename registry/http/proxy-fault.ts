/** Where a proxy is named, the first one first, for addresses of each kind. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  'https:': ['https_proxy', 'HTTPS_PROXY'],
  'http:': ['http_proxy', 'HTTP_PROXY'],
};

/** The variable that names the proxy for this address; undefined where there is none. */
export function proxyVariable({ protocol }: URL, environment: NodeJS.ProcessEnv): string | undefined {
  return (VARIABLES[protocol] ?? []).find((name) => (environment[name] ?? '') !== '');
}

/**
 * What is wrong with the proxy for this address; undefined where nothing is, or where there is none. Node ignores a proxy without
 * `http://`, and everything would leave without it. What is in the variable may be a password, so it is not repeated.
 */
export function proxyFault(url: URL, environment: NodeJS.ProcessEnv): string | undefined {
  const variable = proxyVariable(url, environment);
  if (variable === undefined) return undefined;
  const text = environment[variable]!;
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return undefined;
  return `cannot be asked by way of the proxy in ${variable}, which is not an address like http://proxy.example:3128: correct the variable`;
}
