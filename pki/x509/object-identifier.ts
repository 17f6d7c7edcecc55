/** Go's and other parsers hold an arc in 31 bits. */
const MAX_ARC = 2 ** 31 - 1;
/** The longest that makers have (enterprise number and some arcs) is half of this. */
const MAX_LENGTH = 64;
const DOTTED = /^[0-2](?:\.(?:0|[1-9][0-9]{0,9})){2,}$/;

/** True for a dotted object identifier (X.660) of three arcs or more that every parser can read. */
export function isObjectIdentifier(text: string): boolean {
  if (text.length > MAX_LENGTH || !DOTTED.test(text)) return false;
  const [root = 0, second = 0, ...rest] = text.split('.').map(Number);
  // X.690 §8.19.4 encodes the first two arcs as one number.
  if (root < 2 ? second > 39 : second > MAX_ARC - 80) return false;
  return rest.every((arc) => arc <= MAX_ARC);
}
