import { TEMPLATE_BOUNDS } from '../../provisioning/serial-template.ts';

/** RFC 3986 §3.3's pchar. */
const CHARACTER = String.raw`(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})`;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
/** RFC 5280 §4.2.1.6: an authority is a full domain name or an address; no user names, for it is an identity itself. */
const AUTHORITY = String.raw`\/\/(?:${LABEL}\.)+${LABEL}(?::[0-9]{1,5})?(?=[/?#]|$)`;
const PATH = `(?:${CHARACTER}|/)*`;
const TAIL = `(?:${CHARACTER}|[/?])*`;
const URI = new RegExp(
  String.raw`^[A-Za-z][A-Za-z0-9+.-]*:(?:${AUTHORITY}|(?=[^/?#]))${PATH}(?:\?${TAIL})?(?:#${TAIL})?$`,
);

/**
 * True for an absolute URI (RFC 3986) of at most 128 characters, as RFC 5280 §4.2.1.6 requires it in a certificate. A
 * path that begins with a slash needs an authority before it: verifiers (zlint) take `coaps:/host/x` for a URI without
 * its host.
 */
export function isDeviceUri(text: string): boolean {
  return text.length <= TEMPLATE_BOUNDS.uri && URI.test(text);
}
