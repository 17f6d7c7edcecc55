import { DeviceRegistryError, isOfDevice } from './device-registry-error.ts';
import type { Answer, Device } from './device-registry.ts';

/**
 * Acts on one device after the other: an answer for each. `act` returns or throws what is wrong with a device. What it throws of
 * the device registry is the answer for the devices that remain, too, and what is done stays done.
 */
export async function eachDevice(
  devices: readonly Device[],
  act: (device: Device) => Promise<Answer | void>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let ofAll: DeviceRegistryError | undefined;
  for (const device of devices) {
    if (ofAll !== undefined) {
      answers.push(notAsked(ofAll));
      continue;
    }
    try {
      answers.push((await act(device)) ?? 'done');
    } catch (error) {
      if (!(error instanceof DeviceRegistryError)) throw error;
      answers.push(error);
      if (!isOfDevice(error.reason)) ofAll = error;
    }
  }
  return answers;
}

/** The same fault for a device that was not asked about: there is no doubt about it. */
function notAsked({ reason, message, waitMs }: DeviceRegistryError): DeviceRegistryError {
  return new DeviceRegistryError(reason, message, waitMs === undefined ? {} : { waitMs });
}
