import type { Product } from '../provisioning/product.ts';
import { foldSerial } from '../provisioning/serial-number.ts';
import { SERIAL_PLACE } from '../provisioning/serial-template.ts';
import { profileFaults, type ProfileFields } from './profile-faults.ts';

/** Text that may be the beginning or the end of a serial, in the form in which serials are compared. */
const SERIAL_TEXT = /^[a-z0-9-]*$/;

/** A fault of one of the products: the way to the field from the list of products, and what is right there. */
export interface LineProfileFault {
  readonly at: readonly (number | string)[];
  readonly says: string;
}

/** Everything wrong with the profiles of a line's products, each alone and beside each other. */
export function lineProfileFaults(
  products: readonly (ProfileFields & Pick<Product, 'name'>)[],
): LineProfileFault[] {
  const faults = products.flatMap((product, index) =>
    profileFaults(product).map(({ at, says }) => ({ at: [index, ...at.split('.')], says })),
  );
  return faults.length > 0 ? faults : sharedNames(products);
}

/** Two products whose units could get one common name: to a cloud they were the same device. */
function sharedNames(products: readonly Pick<Product, 'name' | 'commonName'>[]): LineProfileFault[] {
  return products.flatMap(({ commonName }, index) => {
    const other = products.slice(0, index).find((earlier) => canMeet(earlier.commonName, commonName));
    if (other === undefined) return [];
    const says = `can give a unit the name of another unit of ${other.name} ("${other.commonName}"): set {serial} off with one of _ : . here, or give both the same`;
    return [{ at: [index, 'commonName'], says }];
  });
}

/** Whether two different serials can fill the templates to the same text. The same template keeps them apart. */
function canMeet(left: string, right: string): boolean {
  const [one, two] = [left, right].map((template) => foldSerial(template).split(SERIAL_PLACE));
  if (String(one) === String(two)) return false;
  const [heads, tails] = [0, 1].map((side) => [one?.[side] ?? '', two?.[side] ?? ''] as const);
  return (
    canContinue(heads!, (text, rest) => rest.startsWith(text) && rest.slice(text.length)) &&
    canContinue(tails!, (text, rest) => rest.endsWith(text) && rest.slice(0, rest.length - text.length))
  );
}

/** Whether the shorter text can be made the longer one by what a serial may have there. */
function canContinue(
  pair: readonly [string, string],
  rest: (text: string, longer: string) => string | false,
): boolean {
  const [shorter, longer] = pair[0].length <= pair[1].length ? pair : [pair[1], pair[0]];
  const added = rest(shorter, longer);
  return added !== false && SERIAL_TEXT.test(added);
}
