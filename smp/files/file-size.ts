import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import type { DeviceError } from '../device-error.ts';
import { checkFilePath } from './file-path.ts';
import { FS_ERROR, FS_GROUP, FS_STATUS } from '../requests/fs-requests.ts';

/** Size of a file on the board in bytes, as last committed; `undefined` when there is none. */
export async function fileSize(
  client: SmpClient,
  path: string,
  options?: RequestOptions,
): Promise<number | undefined> {
  checkFilePath(path);
  const reply = await client.ask(FS_STATUS, { path }, options);
  if (reply.ok) return reply.value;
  if (isFileAbsent(reply.device)) return undefined;
  throw client.refusal(`the size of ${path}`, reply.device);
}

/** The board has no such file; protocol version 1 says ENOENT (5) instead of the group's code. */
export function isFileAbsent(device: DeviceError): boolean {
  return device.group === undefined
    ? device.rc === 5
    : device.group === FS_GROUP && device.rc === FS_ERROR.notFound;
}
