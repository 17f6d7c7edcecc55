import { describe, expect, it } from 'vitest';

import { parseSimulatorConfig } from '../../../simulator/line/simulator-config.ts';

const STATION = { id: 'st-1', sockets: ['1'], tileFile: '/tmp/sockets.json' };
const GOOD = { directory: '/tmp/line', stations: [STATION] };

describe('the simulator configuration', () => {
  it('fills in what is left out', () => {
    const config = parseSimulatorConfig(GOOD);
    expect(config).toMatchObject({ firmware: 'factory', speed: 'realistic', faults: [], keyPath: undefined });
    expect(config.operator).toEqual({ unloadMs: 2000, loadMs: 3000, replaceFailed: false });
    expect(parseSimulatorConfig({ ...GOOD, speed: 'instant' }).operator.loadMs).toBe(0);
    expect(parseSimulatorConfig({ ...GOOD, speed: { baudRate: 9600 } }).speed).toMatchObject({
      baudRate: 9600,
      handlingMs: 1,
    });
  });

  it.each([
    [undefined, 'the whole must be an object'],
    [{ ...GOOD, operatr: {} }, '"operatr" is unknown'],
    [{ ...GOOD, operator: { loadMS: 3 } }, '"loadMS" is unknown'],
    [{ ...GOOD, directory: '' }, 'directory must be a text'],
    [{ ...GOOD, stations: {} }, 'stations must be a list'],
    [{ ...GOOD, stations: [{ ...STATION, id: '../x' }] }, 'stations[0].id must be letters'],
    [{ ...GOOD, stations: [{ ...STATION, sockets: ['a/b'] }] }, 'stations[0].sockets[0] must be letters'],
    [{ ...GOOD, stations: [{ ...STATION, tileFile: 3 }] }, 'stations[0].tileFile must be a text'],
    [{ ...GOOD, speed: 'fast' }, 'speed must be "instant", "realistic" or figures'],
    [{ ...GOOD, speed: { baudRate: -1 } }, 'speed.baudRate must be a number of 0 or more'],
    [{ ...GOOD, speed: { baud: 1 } }, 'speed must be an object of baudRate, flashProgramMsPerByte'],
    [{ ...GOOD, firmware: 'toString' }, 'firmware must be one of factory'],
    [{ ...GOOD, operator: { replaceFailed: 'yes' } }, 'operator.replaceFailed must be true or false'],
    [{ ...GOOD, faults: [{ nth: 0, fault: { kind: 'silent' } }] }, 'faults[0].nth must be 1, 2, 3'],
    [{ ...GOOD, faults: [{ nth: 1, fault: { kind: 'noise' } }] }, 'Fault: "noise" is unknown'],
  ])('refuses %j', (config, message) => {
    expect(() => parseSimulatorConfig(config)).toThrowError(
      expect.objectContaining({
        code: 'SIMULATOR_CONFIG_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });
});
