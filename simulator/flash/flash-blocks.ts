// LittleFS block arithmetic: what a partition of 4 KiB blocks can hold.

/** Erase block of the flash, and LittleFS's block. */
export const BLOCK_SIZE = 4096;
/** Every directory, the root with the superblock included, is a pair of blocks. */
export const DIRECTORY_BLOCKS = 2;
/** Files up to the cache size lie inside their directory's metadata. */
const INLINE_LIMIT = 64;
/** A commit of metadata programs about this much: tags, name and CRC, padded to the program size of 16. */
export const COMMIT_BYTES = 64;

/** Blocks that the data of a file of `size` bytes takes; metadata apart. */
export function fileBlocks(size: number): number {
  return size <= INLINE_LIMIT ? 0 : Math.ceil(size / BLOCK_SIZE);
}
