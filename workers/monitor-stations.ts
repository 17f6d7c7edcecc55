import type { Station } from '../fixtures/station/station.ts';
import { TILE_STATES } from '../fixtures/station/tile.ts';
import type { Monitor } from '../monitoring/monitor.ts';

/** What a process shows of its stations. A station is ready if it can write its record and none of its sockets is out of order. */
export function monitorStations(
  { metrics, readiness }: Monitor,
  stations: readonly Pick<Station, 'id' | 'tiles' | 'assertWritable'>[],
): void {
  metrics.sample({
    name: 'certline_sockets',
    help: 'Sockets by the state that their tile shows.',
    labels: ['station', 'state'],
    read: () =>
      stations.flatMap(({ id, tiles }) =>
        TILE_STATES.map((state) => ({
          labels: { station: id, state },
          value: tiles.filter((tile) => tile.state === state).length,
        })),
      ),
  });
  for (const station of stations) {
    readiness.add(`record of ${station.id}`, () => {
      station.assertWritable();
      return undefined;
    });
    readiness.add(`sockets of ${station.id}`, () => {
      const faults = station.tiles.filter(({ state }) => state === 'fault');
      if (faults.length === 0) return undefined;
      return faults.map(({ socket, instruction }) => `socket ${socket}: ${instruction}`).join('; ');
    });
  }
}
