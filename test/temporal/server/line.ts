import { openTemporalServer } from '../../../temporal/server/open-temporal-server.ts';

// Run as a process of its own: opens the server of the folder it is given, prints it as JSON, and lives until it is
// killed, or until SIGUSR2 makes it end as a line does that forgets its server.
process.once('SIGUSR2', () => process.exit());
const server = await openTemporalServer({
  directory: process.argv[2] ?? '',
  searchAttributes: { LineSerial: 'Keyword' },
  ui: false,
  report: (line) => console.error(line),
});
console.log(JSON.stringify(server));
setInterval(() => undefined, 60_000);
