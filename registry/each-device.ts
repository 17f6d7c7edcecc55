import { DeviceRegistryError, isOfDevice } from './device-registry-error.ts';
import type { Answer, Device } from './device-registry.ts';

/** Acts on one device after the other: an answer for each. What is true of the device registry, and not of the device, is thrown. */
export async function eachDevice(
  devices: readonly Device[],
  act: (device: Device) => Promise<void>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const device of devices) {
    try {
      await act(device);
      answers.push('done');
    } catch (error) {
      if (!(error instanceof DeviceRegistryError) || !isOfDevice(error.reason)) throw error;
      answers.push(error);
    }
  }
  return answers;
}
