const DISK_FULL = 'free some space, then start again: it continues where it stopped';

const NOT_ALLOWED =
  'this user has no permission there: type the command as the user of the role, or correct owner and permissions';

const TOO_MANY_FILES =
  'the process has too many files open: raise its limit (ulimit -n, LimitNOFILE of systemd)';

/** By the system's error code, errno(3). That a file is not there is left out: what follows from that depends on the file. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: DISK_FULL,
  EDQUOT: DISK_FULL,
  EROFS: 'the disk is read-only: make it writable, or name another folder with --state',
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EIO: 'the disk does not work: check it, then start again',
  ENOTDIR: 'a part of this path is a file, not a folder: correct the path',
  EEXIST:
    'something else has this name, or a symbolic link leads nowhere: move it away, or name another path',
  EISDIR: 'it is a folder, not a file: correct the path',
  ELOOP: 'its symbolic links lead back to themselves: correct them',
  ENAMETOOLONG: 'the path is too long: name a shorter one',
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
};

/** What a person can do about an error of the file system; undefined for all others. */
export function remedyOf(errno: string): string | undefined {
  return Object.hasOwn(REMEDIES, errno) ? REMEDIES[errno] : undefined;
}
