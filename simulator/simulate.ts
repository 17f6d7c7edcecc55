// The simulator as a process: a line and its operator, until a signal or the end of the parent.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import { FIRMWARE_PROFILES } from './firmware-profile.ts';
import { parseSimulatorConfig } from './line/simulator-config.ts';
import type { SimulatorConfig } from './line/simulator-config.ts';
import { VirtualLine } from './line/virtual-line.ts';
import type { LineEvent } from './line/virtual-line.ts';
import { VirtualOperator } from './line/virtual-operator.ts';

/** The first line that a simulator prints, as JSON. */
export interface SimulatorReady {
  readonly event: 'ready';
  readonly pid: number;
  readonly directory: string;
  /** Stable port names, one per socket. */
  readonly ports: readonly string[];
}

async function startLine(config: SimulatorConfig, write: (event: LineEvent) => void): Promise<VirtualLine> {
  const built = FIRMWARE_PROFILES[config.firmware];
  return VirtualLine.start({
    directory: config.directory,
    stations: config.stations,
    profile: { ...built, platform: config.product ?? built.platform },
    speed: config.speed,
    faults: config.faults,
    log: write,
    ...(config.keyPath === undefined ? {} : { keyPath: config.keyPath }),
  });
}

/**
 * Runs a line with its operator until `signal` is aborted. `config` is checked here (SIMULATOR_CONFIG_INVALID). `write`
 * gets one line of JSON when everything is up ({@link SimulatorReady}), then one per event.
 */
export async function runSimulator(
  config: unknown,
  signal: AbortSignal,
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): Promise<void> {
  const checked = parseSimulatorConfig(config);
  const early: LineEvent[] = [];
  let isReady = false;
  const line = await startLine(checked, (event) =>
    isReady ? write(JSON.stringify(event)) : early.push(event),
  );
  const ports = checked.stations.flatMap(({ id, sockets }) =>
    sockets.map((socket) => line.portPath(id, socket)),
  );
  const ready: SimulatorReady = { event: 'ready', pid: process.pid, directory: checked.directory, ports };
  write(JSON.stringify(ready));
  isReady = true;
  for (const event of early) write(JSON.stringify(event));
  const operator = new VirtualOperator(line, checked.stations, checked.operator);
  if (!signal.aborted) await once(signal, 'abort');
  operator.stop();
  await line.stop();
}

/**
 * A signal for `runSimulator` in a process of its own: aborted by SIGTERM or SIGINT and, when it follows its parent, by
 * the end of standard input or of the IPC channel, which is what a parent's kill -9 looks like from here.
 */
export function untilTold(followParent: boolean): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGTERM', stop).once('SIGINT', stop);
  // A reader that went away must not kill the line in the middle of something.
  process.stdout.on('error', stop);
  if (followParent) {
    process.once('disconnect', stop);
    process.stdin.once('end', stop).once('close', stop).once('error', stop).resume();
  }
  return controller.signal;
}

if (import.meta.main) {
  const [configFile = '', flag] = process.argv.slice(2);
  await runSimulator(JSON.parse(readFileSync(configFile, 'utf8')), untilTold(flag === '--follow-parent'));
  process.exit();
}
