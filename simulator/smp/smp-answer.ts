// What a command gives back, before it is a message.

import type { CborMap } from './cbor-writer.ts';

/** Generic return codes (mcumgr's MGMT_ERR_*), the same in every group and protocol version. */
export const RC = {
  ENOMEM: 2,
  EINVAL: 3,
  EMSGSIZE: 7,
  ENOTSUP: 8,
  ECORRUPT: 9,
  EACCESSDENIED: 11,
  TOO_OLD: 12,
  TOO_NEW: 13,
} as const;

/**
 * The outcome of one command: a body; a generic code; an error of the group, perhaps with more keys behind it; or
 * silence, when the board went down before it could answer.
 */
export type SmpAnswer =
  | { readonly body: CborMap }
  | { readonly rc: number }
  | { readonly groupError: number; readonly more?: CborMap }
  | 'silence';

/** A command takes the request's CBOR. It may throw CborRefused, which answers `rc 3`. */
export type SmpCommand = (cbor: Uint8Array) => SmpAnswer;

/** A management group: its commands by id, and how its errors read to a client of protocol version 1. */
export interface SmpGroup {
  readonly id: number;
  readonly name: string;
  readonly commands: ReadonlyMap<number, { readonly read?: SmpCommand; readonly write?: SmpCommand }>;
  readonly toLegacyRc: (groupError: number) => number;
}
