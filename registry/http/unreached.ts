const UNTRUSTED = 'has a TLS certificate of a CA that this host does not trust';

/** What is wrong with a certificate, by Node's codes. */
const OF_CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has a TLS certificate that has expired',
  CERT_NOT_YET_VALID: 'has a TLS certificate that is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a TLS certificate for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
};

/** Other codes of what fails before a question is sent. */
const BEFORE_THE_QUESTION: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ERR_PROXY_TUNNEL',
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
  const ofCertificate = OF_CERTIFICATE[code];
  if (ofCertificate !== undefined) return `${ofCertificate} (${code})`;
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
  return BEFORE_THE_QUESTION.has(code) || Object.hasOwn(OF_CERTIFICATE, code);
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
