import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { invocationOf } from '../invocation.ts';

/** Commands about the stations whose requests the signer heeds. */
export function addStationCommands(program: Command): void {
  const station = program
    .command('station')
    .description('enroll stations at the signer, see them, stop and release them')
    .addHelpText(
      'after',
      `
At a station:  certline station enroll
At the signer: certline station admit 'st-1+…' --sockets 4
               certline station list`,
    );
  station
    .command('enroll')
    .description('at a station: make the keys of its stations, and print what to type at the signer')
    .addHelpText('after', '\nExample:\n  certline station enroll --config /etc/certline.json')
    .action(async (_options: object, command: Command) => {
      const { enrollStations } = await import('./enroll-stations.ts');
      enrollStations(invocationOf(command));
    });
  station
    .command('admit')
    .description('at the signer: heed the requests of a station from now on')
    .argument('<key>', 'as "station enroll" printed it')
    .option(
      '--sockets <number>',
      'of the station: it may ask for 60 certificates a minute for each',
      whole,
      1,
    )
    .option('--per-minute <number>', 'certificates a minute, instead', whole)
    .addHelpText('after', "\nExample:\n  certline station admit 'st-1+2f8a01b3+Ae…' --sockets 4")
    .action(async (key: string, options: { sockets: number; perMinute?: number }, command: Command) => {
      const { admitStation } = await import('./steer-stations.ts');
      await admitStation(invocationOf(command), key, options);
    });
  station
    .command('list')
    .description('at the signer: stations, and whether their requests count')
    .option('--json', 'one JSON document instead of a table')
    .addHelpText('after', '\nExample:\n  certline station list')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { listStations } = await import('./steer-stations.ts');
      await listStations(invocationOf(command), options);
    });
  for (const [name, state, what] of [
    ['revoke', 'revoked', 'heed a station no more, until it is admitted anew'],
    ['stop', 'stopped', 'heed a station no more until it is released'],
    ['release', 'enrolled', 'let a station that was stopped go on'],
  ] as const) {
    station
      .command(name)
      .description(`at the signer: ${what}`)
      .argument('<station>', 'its id')
      .requiredOption('--reason <text>', 'for the audit log')
      .addHelpText('after', `\nExample:\n  certline station ${name} st-1 --reason "looked into"`)
      .action(async (id: string, { reason }: { reason: string }, command: Command) => {
        const { setStationState } = await import('./steer-stations.ts');
        await setStationState(invocationOf(command), id, { state, reason });
      });
  }
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('a whole number from 1 on');
}
