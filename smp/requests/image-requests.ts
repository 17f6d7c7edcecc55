// https://docs.zephyrproject.org/latest/services/device_mgmt/smp_groups/smp_group_1.html
import { byteString, records, text, unsigned } from '../wire/smp-request.ts';
import type { SmpRequest } from '../wire/smp-request.ts';

/** One firmware image in a slot of the board. */
export interface ImageState {
  readonly image: number;
  readonly slot: number;
  readonly version: string;
  /** SHA-256 (or longer) of the image: names the firmware, not the unit. */
  readonly hash: Uint8Array | undefined;
  /** The one that runs. */
  readonly active: boolean;
  readonly confirmed: boolean;
}

/** Which firmware is on the board; only with MCUboot. */
export const IMAGE_STATE: SmpRequest<void, ImageState[]> = {
  name: 'state of the images',
  group: 1,
  id: 0,
  op: 'read',
  pace: 'hash',
  repeat: 'freely',
  longReply: true,
  encode: () => ({}),
  parse: (body) =>
    records(body, 'images')?.flatMap((image) => {
      const slot = unsigned(image, 'slot');
      const version = text(image, 'version');
      const hash = byteString(image, 'hash');
      if (slot === undefined || version === undefined) return [];
      return [
        {
          image: unsigned(image, 'image') ?? 0,
          slot,
          version,
          hash: hash === undefined ? undefined : new Uint8Array(hash),
          active: image['active'] === true,
          confirmed: image['confirmed'] === true,
        },
      ];
    }),
};
