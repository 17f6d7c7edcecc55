// By which ids a host may know a board: whatever distinguishes it from others, in the terms of the specification.

import { createHash } from 'node:crypto';

import type { FlashImage } from '../flash/flash-image.ts';
import { MOUNT_POINT } from '../flash/board-path.ts';

/** How many digits of a SHA-256 are an id: as many as a hardware id has. */
const DIGEST_DIGITS = 32;

/** As much of a board as an id can come from. */
interface NamedBoard {
  readonly hardwareId: string;
  readonly flash: FlashImage;
}

/**
 * Whether `id` is one of this board: its hardware id or, where the host takes the id from the file system, what a file
 * on it says. That is its text, its octets in hex, or the beginning of its SHA-256, by which a foreign certificate is called.
 */
export function isKnownAs({ hardwareId, flash }: NamedBoard, id: string): boolean {
  return id === hardwareId || contentsBelow(flash, MOUNT_POINT).some((content) => says(content, id));
}

function says(content: Buffer, id: string): boolean {
  const digest = createHash('sha256').update(content).digest('hex').slice(0, DIGEST_DIGITS);
  return [content.toString('latin1').trim().toLowerCase(), content.toString('hex'), digest].includes(id);
}

function contentsBelow(flash: FlashImage, directory: string): Buffer[] {
  return flash.list(directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    return name.endsWith('/') ? contentsBelow(flash, path.slice(0, -1)) : [contentOf(flash, path)];
  });
}

function contentOf(flash: FlashImage, path: string): Buffer {
  const file = flash.openToRead(path);
  flash.close(file);
  return Buffer.from(file.content);
}
