// Management group 10: which groups does this firmware have?

import { decodeKnownKeys } from './cbor-reader.ts';
import type { CborMap } from './cbor-writer.ts';
import type { SmpAnswer, SmpGroup } from './smp-answer.ts';

const INDEX_TOO_LARGE = 4;

function detailsOf(group: SmpGroup): CborMap {
  return [
    ['group', group.id],
    ['name', group.name],
    ['handlers', Math.max(...group.commands.keys()) + 1],
  ];
}

/** The enumeration group over the other groups of a board; it lists itself first, as Zephyr does. */
export function enumGroup(others: readonly SmpGroup[]): SmpGroup {
  const single = (cbor: Uint8Array): SmpAnswer => {
    const index = Number(decodeKnownKeys(cbor, { index: 'uint' }).index ?? 0n);
    const found = groups[index];
    if (!found) return { groupError: INDEX_TOO_LARGE };
    const end: CborMap = index === groups.length - 1 ? [['end', true]] : [];
    return { body: [['group', found.id], ...end] };
  };
  const self: SmpGroup = {
    id: 10,
    name: 'enum mgmt',
    commands: new Map([
      [0, { read: () => ({ body: [['count', groups.length]] }) }],
      [1, { read: () => ({ body: [['groups', { list: groups.map(({ id }) => id) }]] }) }],
      [2, { read: single }],
      [
        3,
        {
          read: () => ({ body: [['groups', { list: groups.map((group) => ({ map: detailsOf(group) })) }]] }),
        },
      ],
    ]),
    toLegacyRc: () => 1,
  };
  const groups: readonly SmpGroup[] = [self, ...others];
  return self;
}
