import { existsSync } from 'node:fs';
import { serialOptionsOf } from '../../fixtures/board/serial-options.ts';
import type { SocketConfig, StationConfig } from '../../fixtures/station/station-config.ts';
import type { SmpClient } from '../../smp/client/client.ts';
import { openClient } from '../../smp/client/open-client.ts';
import { readHardwareId } from '../../smp/hardware-id.ts';
import { openSerialLink } from '../../smp/links/serial-link.ts';
import type { SerialLinkOptions } from '../../smp/links/serial-link.ts';
import { isSmpError } from '../../smp/smp-error.ts';
import { failure, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';
import { holderOf, holderText, portTakers } from '../../fixtures/station/port-holder.ts';
import type { PortTaker } from '../../fixtures/station/port-holder.ts';
import { OS_INFO } from '../../smp/requests/os-requests.ts';

/** Most boards answer within a second, one that boots within two, a slow one within five. */
const PROBE_BUDGET_MS = 6_000;

/** Every configured port, all at once: is it there, may it be opened, is it free; with `probe` also: who answers. */
export async function checkPorts(stations: readonly StationConfig[], probe: boolean): Promise<Finding[]> {
  if (stations.length === 0) return [ok('ports', 'no station on this host')];
  const places = stations.flatMap(({ id, sockets }) => sockets.map((socket) => ({ id, socket })));
  const ports = places.map(({ id, socket }) => checkPort(`port ${id}/${socket.id}`, socket, probe));
  return [...portTakers().map(checkPortTaker), ...(await Promise.all(ports))];
}

function checkPortTaker({ name, pid }: PortTaker): Finding {
  const says = `${name} runs here (pid ${pid}) and opens serial ports by itself: stop and disable it, or exempt the adapters of the sockets by a udev rule`;
  return warn('ports', says);
}

async function checkPort(check: string, socket: SocketConfig, probe: boolean): Promise<Finding> {
  const { port } = socket;
  const serial = serialOptionsOf(socket);
  try {
    if (probe) return await probeBoard(check, serial);
    const link = await openSerialLink(serial);
    await link.close();
    return ok(check, `${port} opens`);
  } catch (error) {
    return isSmpError(error, 'LINK_BUSY') ? busy(check, port, error) : failure(check, error);
  }
}

/** A station of ours holds its ports as long as it runs: so it should be. */
function busy(check: string, port: string, error: Error): Finding {
  const holder = existsSync(port) ? holderOf(port) : undefined;
  if (holder?.isCertline === true)
    return ok(check, `${port} is in use by the running line (pid ${holder.pid})`);
  const text = holderText(port);
  const who = text === undefined ? '' : ` (it is ${text})`;
  const found = failure(check, error);
  return { ...found, says: `${found.says}${who}` };
}

/** An empty socket is no fault, nor is firmware that does not show the hardware id to everybody; anything else is. */
async function probeBoard(check: string, port: SerialLinkOptions): Promise<Finding> {
  let client: SmpClient;
  try {
    ({ client } = await openClient({ port, budgetMs: PROBE_BUDGET_MS }));
  } catch (error) {
    if (!isSmpError(error, 'SMP_TIMEOUT') || error.seen.length > 0) throw error;
    return warn(
      check,
      `${port.path} opens, but nothing answers: load a board, or reseat or power-cycle the one in it`,
    );
  }
  try {
    const firmware = await firmwareOf(client);
    return ok(check, `${port.path}: board ${await readHardwareId(client)}, ${firmware}`);
  } finally {
    await client.close();
  }
}

async function firmwareOf(client: SmpClient): Promise<string> {
  try {
    return await client.request(OS_INFO, { format: 'sv' });
  } catch (error) {
    if (isSmpError(error, 'SMP_UNSUPPORTED', 'SMP_DEVICE_ERROR')) return 'which does not report its firmware';
    throw error;
  }
}
