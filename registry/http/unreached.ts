/** Node's codes for a chain that ends in no CA that this process trusts. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Other codes of what fails before a question is sent. */
const BEFORE_THE_QUESTION: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ERR_PROXY_TUNNEL',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** What Node says beside the code: of a name, of a port, or of what a proxy answered to CONNECT. */
interface WayError extends NodeJS.ErrnoException {
  readonly hostname?: string;
  readonly port?: number;
  readonly statusCode?: number;
}

/**
 * Why there is no way to the server at `base`: the rest of a sentence, to be put behind its address. The text of the error is not
 * repeated where it may have the password of a proxy.
 */
export function unreached(error: Error, base: URL): string {
  const fault = error as WayError;
  const code = codeOf(error);
  if (code === 'ERR_PROXY_TUNNEL') return refusedByProxy(fault.statusCode);
  if (isOfProxy(fault, base)) return `cannot be reached, since its proxy cannot (${code})`;
  if (code === 'CERT_HAS_EXPIRED') return `has a TLS certificate that has expired (${code})`;
  if (code === 'CERT_NOT_YET_VALID') return `has a TLS certificate that is not valid yet (${code})`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `has a TLS certificate for another name (${code})`;
  if (UNTRUSTED.has(code)) return `has a TLS certificate of a CA that this host does not trust (${code})`;
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return `does not speak TLS at this port (${code})`;
  return `cannot be reached (${code === '' ? error.message : code})`;
}

/** That of the web for an exchange that was given up is a number, which says nothing to a person. */
function codeOf(error: Error): string {
  const { code } = error as WayError;
  return typeof code === 'string' ? code : '';
}

/** Whether it is certain that the question did not arrive. */
export function isBeforeQuestion(error: Error): boolean {
  const code = codeOf(error);
  return BEFORE_THE_QUESTION.has(code) || UNTRUSTED.has(code);
}

function refusedByProxy(status: number | undefined): string {
  if (status === undefined) return 'cannot be reached through its proxy';
  const remedy =
    status === 407 ? ': correct the name and the password in the address of the proxy (https_proxy)' : '';
  return `cannot be reached, since its proxy answers ${status}${remedy}`;
}

/** Whether another name or port than that of the server was tried. */
function isOfProxy({ hostname, port }: WayError, base: URL): boolean {
  const ownPort = Number(base.port === '' ? (base.protocol === 'https:' ? 443 : 80) : base.port);
  return (hostname !== undefined && hostname !== base.hostname) || (port !== undefined && port !== ownPort);
}
