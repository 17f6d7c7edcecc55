/** Languages of the spreadsheets that were seen; Node knows the names of their months. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'tr', 'cs', 'sv', 'da', 'ru'];
/** The German Excel has a short name of its own. */
const MORE_NAMES = ['mrz'];

const DAY = String.raw`\d{1,2}`;
const YEAR = String.raw`\d{2,4}`;
const TIME = String.raw`\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AP]M)?`;
const DAY_OF_MONTH = String.raw`(?:0?[1-9]|[12]\d|3[01])`;
const MONTH_OF_YEAR = '(?:0?[1-9]|1[0-2])';
/** With hyphens only a year of our time makes a date: part numbers have hyphens too. */
const YEAR_NOW = String.raw`(?:19|20)\d{2}`;
const HYPHENATED = `${YEAR_NOW}-${MONTH_OF_YEAR}-${DAY_OF_MONTH}|(?:${DAY_OF_MONTH}-${MONTH_OF_YEAR}|${MONTH_OF_YEAR}-${DAY_OF_MONTH})-${YEAR_NOW}`;
const NUMERIC = String.raw`${HYPHENATED}|\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])|\d{4}([./])${DAY}\1${DAY}|${DAY}([./])${DAY}(?:\2${YEAR})?`;
const EAST_ASIAN = `(?:\\d{4}[年년] ?)?${DAY}[月월](?: ?${DAY}[日일])?`;

let pattern: RegExp | undefined;

/** Whether the value looks as a spreadsheet shows a date or a time, in any of the languages. */
export function isDate(value: string): boolean {
  if (value.length < 3 || value.length > 30 || !/\d/.test(value)) return false;
  pattern ??= datePattern();
  return pattern.test(value) && !isUpperCaseCode(value);
}

function datePattern(): RegExp {
  const month = `(?:${monthNames().join('|')})\\.?`;
  const named = `${DAY}[-. ]{1,2}${month}(?:[-. ]${YEAR})?|${month}[-. ]${YEAR}`;
  const date = `(?:${NUMERIC}|${named}|${EAST_ASIAN})(?:[T ,]+${TIME}.*)?`;
  return new RegExp(`^(?:${date}|${TIME})$`, 'iu');
}

/** Short and long ones, without a dot at the end, the longest first. */
function monthNames(): string[] {
  const names = new Set(MORE_NAMES);
  for (const language of LANGUAGES)
    for (const month of ['short', 'long'] as const) {
      // A day beside it: Slavic languages have another form of the name there.
      for (const day of [{}, { day: 'numeric' }] as const) {
        const format = new Intl.DateTimeFormat(language, { month, ...day, timeZone: 'UTC' });
        for (let at = 0; at < 12; at += 1) {
          const parts = format.formatToParts(Date.UTC(2026, at, 1));
          const name = parts.find(({ type }) => type === 'month')?.value.replace(/\.$/, '') ?? '';
          if (!/\d/.test(name)) names.add(name.toLowerCase());
        }
      }
    }
  return [...names].toSorted((one, other) => other.length - one.length);
}

/** `MAR-02` is an honest part number; a spreadsheet writes `Mar-02`. */
function isUpperCaseCode(value: string): boolean {
  return /[A-Z]{3}/.test(value) && !/[a-z]/.test(value);
}
