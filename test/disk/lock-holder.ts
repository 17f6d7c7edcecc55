import { tryLock } from '../../disk/exclusive-lock.ts';

// Run as a process of its own: takes the lock on the file it is given, says so, and holds it until it is killed.
const lock = tryLock(process.argv[2] ?? '');
console.log(lock === undefined ? 'taken by another' : 'held');
setInterval(() => undefined, 60_000);
