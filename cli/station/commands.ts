import type { StationState } from '../../pki/signing/stations.ts';
import { command, group } from '../command.ts';
import type { Entry } from '../command.ts';
import { JSON_OPTION, wholeNumber } from '../option-values.ts';

/** Commands about the stations whose requests the signer accepts. */
export const stationCommands = group(
  'station',
  {
    says: 'enroll stations at the signer, list them, stop and release them',
    notes: `
At a station:  certline station enroll
At the signer: certline station admit 'st-1+...' --sockets 4
               certline station list`,
  },
  [
    command('enroll', {
      says: 'at a station: create the keys of its stations, and print the commands to type at the signer',
      options: JSON_OPTION,
      examples: ['certline station enroll --config /etc/certline.json'],
      load: () => import('./enroll-stations.ts'),
      run: async ({ enrollStations }, { options, invocation }) => enrollStations(await invocation(), options),
    }),
    command('admit', {
      says: 'at the signer: accept requests from a station from now on',
      args: { '<key>': 'public key of the station, as "station enroll" printed it' },
      options: {
        '--sockets <number>': {
          says: 'sockets of the station: it may ask for 60 certificates per minute for each',
          parse: wholeNumber(1),
          default: 1,
        },
        '--per-minute <number>': {
          says: 'certificates per minute that it may ask for; default: 60 for each socket',
          parse: wholeNumber(1),
        },
        ...JSON_OPTION,
      },
      examples: ["certline station admit 'st-1+2f8a01b3+Ae...' --sockets 4"],
      load: () => import('./steer-stations.ts'),
      run: async ({ admitStation }, { key, options, invocation }) =>
        await admitStation(await invocation(), key, options),
    }),
    command('list', {
      says: 'at the signer: list stations, and whether their requests are accepted',
      options: JSON_OPTION,
      examples: ['certline station list'],
      load: () => import('./steer-stations.ts'),
      run: async ({ listStations }, { options, invocation }) =>
        await listStations(await invocation(), options),
    }),
    command('yield', {
      says: 'on the host of the orchestrator: tries of each socket that passed and failed, and rejected boards',
      options: { '--station <id>': { says: 'only this station; default: all of them' }, ...JSON_OPTION },
      examples: ['certline station yield', 'certline station yield --station st-1 --json'],
      load: () => import('./show-yield.ts'),
      run: async ({ showYield }, { options, invocation }) => await showYield(await invocation(), options),
    }),
    command('export', {
      says: 'at the signer: print the public keys of admitted stations, for the registry on another host',
      examples: ['certline station export > station-keys'],
      load: () => import('./export-keys.ts'),
      run: async ({ exportStations }, { invocation }) => await exportStations(await invocation()),
    }),
    command('signer-key', {
      says: 'at the signer: print the public key of its permits, for stations on other hosts',
      examples: ['certline station signer-key > signer-key'],
      load: () => import('./export-keys.ts'),
      run: ({ exportSignerKey }, { stateFolder }) => exportSignerKey(stateFolder),
    }),
    change('revoke', 'revoked', 'refuse requests from a station until it is admitted again'),
    change('stop', 'stopped', 'refuse requests from a station until it is released'),
    change('release', 'enrolled', 'accept requests from a stopped station again'),
  ],
);

function change(name: string, state: StationState, does: string): Entry {
  return command(name, {
    says: `at the signer: ${does}`,
    args: { '<station>': 'id of the station' },
    options: { '--reason <text>': { says: 'reason, for the audit log', required: true }, ...JSON_OPTION },
    examples: [`certline station ${name} st-1 --reason "looked into"`],
    load: () => import('./steer-stations.ts'),
    run: async ({ setStationState }, { station, options, invocation }) =>
      await setStationState(await invocation(), station, { state, ...options }),
  });
}
