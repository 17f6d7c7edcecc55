import { findTemporalBinary } from '../../../temporal/server/temporal-binary.ts';

// Run as a process of its own: gets the server's program into the cache, prints what it reports, then where it is.
const { path } = await findTemporalBinary({
  environment: process.env,
  downloadService: process.argv[2] ?? '',
  report: (line) => console.log(line),
});
console.log(`found ${path}`);
