import type { Product } from '../../provisioning/product.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import { SERIAL_PLACE } from '../../provisioning/serial-template.ts';
import { profileFaults } from './profile-faults.ts';
import type { ProfileFields } from './profile-faults.ts';

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
    const says = `can give a unit the name of another unit of ${other.name} ("${other.commonName}"): put one of _ : . beside {serial} here, or give both products the same commonName`;
    return [{ at: [index, 'commonName'], says }];
  });
}

/** Whether two different serials can fill the templates to the same text. The same template keeps them apart. */
function canMeet(left: string, right: string): boolean {
  const [one, two] = [left, right]
    .map((template) => foldSerial(template).split(SERIAL_PLACE))
    .sort(([head = ''], [other = '']) => head.length - other.length);
  const [[head = '', tail = ''], [longerHead = '', otherTail = '']] = [one ?? [], two ?? []];
  if (head === longerHead && tail === otherTail) return false;
  const [shorterTail, longerTail] = tail.length <= otherTail.length ? [tail, otherTail] : [otherTail, tail];
  if (!longerHead.startsWith(head) || !longerTail.endsWith(shorterTail)) return false;
  const before = longerHead.slice(head.length);
  const after = longerTail.slice(0, longerTail.length - shorterTail.length);
  if (SERIAL_TEXT.test(before) && SERIAL_TEXT.test(after)) return true;
  return tail === longerTail && canOverlap(before, after);
}

/** Whether a serial that ends within `before` and one that begins within `after` can share what is between them. */
function canOverlap(before: string, after: string): boolean {
  for (let shared = 1; shared < Math.min(before.length, after.length); shared += 1) {
    const between = after.slice(0, shared);
    const serials = [before.slice(0, -shared), after.slice(shared)];
    if (before.endsWith(between) && serials.every((text) => SERIAL_TEXT.test(text))) return true;
  }
  return false;
}
