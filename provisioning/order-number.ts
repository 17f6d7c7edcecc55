/**
 * The number of an order, as the OEM writes it: upper-case ASCII letters, digits and hyphens, at most 40 characters, no
 * hyphen at either end. It names files and begins batch ids, where 40 characters leave room for a hash.
 */
export const ORDER_NUMBER_PATTERN = /^[A-Z0-9](?:[A-Z0-9-]{0,38}[A-Z0-9])?$/;

/** True when `text` is an order number. */
export function isOrderNumber(text: string): boolean {
  return ORDER_NUMBER_PATTERN.test(text);
}
