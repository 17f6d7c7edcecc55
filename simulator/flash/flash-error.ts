// The errno values of Zephyr's file system calls that LittleFS can give (picolibc numbers).

/** Error numbers, positive; the calls return them negated. */
export const ERRNO = {
  ENOENT: 2,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOSPC: 28,
  ENOTEMPTY: 90,
} as const;

/** A failed file system call of the board; the groups turn it into an answer. Never leaves the simulator. */
export class FlashError extends Error {
  readonly errno: number;

  constructor(name: keyof typeof ERRNO) {
    super(name);
    this.errno = ERRNO[name];
  }
}
