import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import { isUnsupported } from '../device-error.ts';
import { FS_CLOSE, FS_DOWNLOAD, FS_GROUP } from '../requests/fs-requests.ts';

/**
 * Makes the board close, and so commit, whatever file it has open for this connection. Rejects with
 * `SMP_DEVICE_ERROR` when the commit fails (a full file system shows here first).
 */
export async function closeFile(client: SmpClient, path: string, options?: RequestOptions): Promise<void> {
  const reply = await client.ask(FS_CLOSE, undefined, options);
  if (!reply.ok) {
    if (!isUnsupported(reply.device)) throw client.refusal(`closing ${path}`, reply.device);
    await closeByReading(client, path, options);
  }
  client.files.upload = 'closed';
}

/** For firmware without the close command: a download closes an upload, whatever it then finds. */
async function closeByReading(client: SmpClient, path: string, options?: RequestOptions): Promise<void> {
  const reply = await client.ask(FS_DOWNLOAD, { path, offset: 0 }, options);
  if (reply.ok) reply.value.bytes.fill(0);
  else if (reply.device.group !== FS_GROUP) throw client.refusal(`closing ${path}`, reply.device);
}
