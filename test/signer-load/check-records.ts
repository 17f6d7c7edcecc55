/** The checker as a program: the state folder of a load; prints what does not hold, and ends with status 1 if anything does not. */
import { recordPlaces } from './load-places.ts';
import { judgeRecords } from './record-violations.ts';

const { violations, ...counts } = judgeRecords(recordPlaces(process.argv[2] ?? ''));
console.log(JSON.stringify({ ...counts, violations }, undefined, 2));
if (violations.length > 0) process.exitCode = 1;
