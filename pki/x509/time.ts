import { DER_TAG } from './der-reader.ts';
import type { DerElement } from './der-reader.ts';
import { derElement } from './der-writer.ts';

/**
 * RFC 5280 §4.1.2.5 and §5.1.2.4: UTCTime has two digits of the year, 1950 through 2049; all else is GeneralizedTime.
 */
const FIRST_UTC_YEAR = 1950;
const FIRST_GENERALIZED_YEAR = 2050;

/** A time as DER, in the one form that RFC 5280 allows: whole seconds, Z. Fractions of a second are cut off. */
export function derTime(time: Date): Uint8Array {
  const digits = `${time.toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`;
  const year = time.getUTCFullYear();
  return year >= FIRST_UTC_YEAR && year < FIRST_GENERALIZED_YEAR
    ? derElement(DER_TAG.utcTime, Buffer.from(digits.slice(2)))
    : derElement(DER_TAG.generalizedTime, Buffer.from(digits));
}

/**
 * The moment of a UTCTime or GeneralizedTime in the one form that RFC 5280 §4.1.2.5 allows: whole seconds, Z. Undefined
 * for any other form or a day that does not exist.
 */
export function readTime(time: DerElement): Date | undefined {
  const digits = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(
    Buffer.from(time.content).toString('latin1'),
  );
  if (!digits || (digits[1]?.length === 4) !== (time.tag === DER_TAG.generalizedTime)) return undefined;
  const [, year = '', month, day, hours, minutes, seconds] = digits;
  const fullYear = year.length === 4 ? year : `${Number(year) < 50 ? '20' : '19'}${year}`;
  const iso = `${fullYear}-${month}-${day}T${hours}:${minutes}:${seconds}.000Z`;
  const moment = new Date(iso);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === iso ? moment : undefined;
}
