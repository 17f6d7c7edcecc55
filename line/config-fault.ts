import { z } from 'zod';

/** What each kind of value is called, as a person writes it into JSON. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, in square brackets',
  object: 'an object, in braces',
};

/**
 * A sentence about one fault of a configuration, to be put behind the name of its field: what is wrong and what is
 * expected. Undefined for faults whose rule has its own sentence.
 */
export function configFault(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return expected(issue.input, KINDS[issue.expected] ?? issue.expected);
    case 'invalid_value':
      return expected(issue.input, issue.values.map((value) => JSON.stringify(value)).join(' or '));
    case 'unrecognized_keys':
      return `has the unknown ${issue.keys.length === 1 ? 'field' : 'fields'} ${quoted(issue.keys)}${knownFields(issue.inst)}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      return issue.origin === 'array'
        ? `needs at least ${issue.minimum} ${issue.minimum === 1 ? 'entry' : 'entries'}`
        : `is ${shown(issue.input)}, but must be at least ${issue.minimum}`;
    case 'too_big':
      return `is ${shown(issue.input)}, but must be at most ${issue.maximum}`;
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
      return undefined;
  }
}

function expected(input: unknown, what: string): string {
  return input === undefined ? `is missing: it must be ${what}` : `is ${shown(input)}, but must be ${what}`;
}

/** The value itself if it is short, so that a person can find it in the file. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  if (text.length <= 40) return text;
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'an object'
      : `${text.slice(0, 37)}...`;
}

function knownFields(schema: unknown): string {
  return schema instanceof z.ZodObject
    ? `: the possible fields are ${quoted(Object.keys(schema.shape))}`
    : '';
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
