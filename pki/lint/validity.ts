import { oncePerCertificate } from './lint-check.ts';
import type { LintCheck } from './lint-check.ts';
import { readTime } from '../x509/time.ts';
import { DER_TAG } from '../x509/der-reader.ts';

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
const FIRST_GENERALIZED_YEAR = 2050;
/** Nothing was provisioned before; a UTCTime that stands for 9999 reads as 1999. */
const FIRST_YEAR = 2020;

/** A time as it is encoded and, where that is well-formed, its moment. */
interface ReadTime {
  readonly tag: number;
  readonly moment: Date | undefined;
}

/** Start and end. */
const bothTimesOf = oncePerCertificate(({ fields: { notBefore, notAfter } }): readonly ReadTime[] =>
  [notBefore, notAfter].map((time) => ({ tag: time.tag, moment: readTime(time) })),
);

/** Those of the two that are well-formed. */
const timesOf = oncePerCertificate((certificate): readonly Date[] =>
  bothTimesOf(certificate)
    .map(({ moment }) => moment)
    .filter((moment) => moment !== undefined),
);

/** The times of a certificate. */
export const VALIDITY_CHECKS: readonly LintCheck[] = [
  {
    code: 'time_form',
    rule: 'existing times, in whole seconds, with Z (RFC 5280 §4.1.2.5)',
    holds: (certificate) => bothTimesOf(certificate).every(({ moment }) => moment !== undefined),
  },
  {
    code: 'time_type',
    rule: 'UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5)',
    holds: (certificate) => bothTimesOf(certificate).every(hasRightType),
  },
  {
    code: 'time_plausible',
    rule: `no time before ${FIRST_YEAR}`,
    holds: (certificate) => timesOf(certificate).every((time) => time.getUTCFullYear() >= FIRST_YEAR),
  },
  {
    code: 'time_order',
    rule: 'a start before the end',
    holds: (certificate) => {
      const [notBefore, notAfter] = timesOf(certificate);
      return notBefore !== undefined && notAfter !== undefined && notBefore < notAfter;
    },
  },
  {
    code: 'time_expected',
    rule: 'the reserved start and end',
    holds: (certificate, { expected }) => {
      if (expected === undefined) return true;
      const [notBefore, notAfter] = timesOf(certificate).map((time) => time.toISOString());
      return notBefore === expected.notBefore && notAfter === expected.notAfter;
    },
  },
  {
    code: 'time_current',
    rule: 'a start in the past and an end in the future',
    holds: (certificate, { now }) => {
      const [notBefore, notAfter] = timesOf(certificate);
      return (
        now === undefined ||
        (notBefore !== undefined && notAfter !== undefined && notBefore <= now && now <= notAfter)
      );
    },
  },
  {
    code: 'time_nested',
    rule: "a time within the issuer's",
    holds: (certificate, { issuer }) =>
      issuer === undefined ||
      timesOf(certificate).every((time) => time >= issuer.notBefore && time <= issuer.notAfter),
  },
];

function hasRightType({ tag, moment }: ReadTime): boolean {
  if (moment === undefined) return false;
  const isGeneralized = moment.getUTCFullYear() >= FIRST_GENERALIZED_YEAR;
  return tag === (isGeneralized ? DER_TAG.generalizedTime : DER_TAG.utcTime);
}
