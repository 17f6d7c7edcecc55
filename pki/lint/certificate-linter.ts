import type { LintCheck, LintContext, LintedCertificate } from './lint-check.ts';
import { readCertificate } from '../x509/certificate-reader.ts';
import { unlessMalformed } from '../x509/der-reader.ts';
import { ALT_NAME_CHECKS } from './alt-name.ts';
import { ENVELOPE_CHECKS } from './envelope.ts';
import { EXTENSION_CHECKS } from './extensions.ts';
import { KEY_CHECKS } from './key.ts';
import { NAME_CHECKS } from './names.ts';
import { VALIDITY_CHECKS } from './validity.ts';

/** One rule that a certificate breaks: its stable code, and what would be right. */
export interface LintFinding {
  readonly code: string;
  readonly rule: string;
}

const CHECKS: readonly LintCheck[] = [
  ...ENVELOPE_CHECKS,
  ...NAME_CHECKS,
  ...VALIDITY_CHECKS,
  ...KEY_CHECKS,
  ...EXTENSION_CHECKS,
  ...ALT_NAME_CHECKS,
];

const DER_FINDING: LintFinding = {
  code: 'der',
  rule: 'one certificate in strict DER, with nothing after it (X.690 §10)',
};

/**
 * Every rule of the device certificate profile that `der` breaks; an empty list means none. The parser is this room's
 * own strict one: neither the library that makes certificates nor OpenSSL, whose tolerance would hide defects.
 */
export function lintCertificate(der: Uint8Array, context: LintContext = {}): LintFinding[] {
  const fields = unlessMalformed(() => readCertificate(der));
  if (fields === undefined) return [DER_FINDING];
  const certificate = { der, fields };
  const broken = CHECKS.filter((check) => !holds(check, certificate, context));
  return broken.map(({ code, rule }) => ({ code, rule }));
}

/** A malformed part is a finding, any other error a defect of the linter. */
function holds(check: LintCheck, certificate: LintedCertificate, context: LintContext): boolean {
  return unlessMalformed(() => check.holds(certificate, context)) ?? false;
}
