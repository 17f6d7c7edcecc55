import type { RequestOptions } from '../../../smp/client/ask-until-answered.ts';
import type { SmpClient } from '../../../smp/client/client.ts';
import { OS_ECHO } from '../../../smp/requests/os-requests.ts';

/** Sends text and returns what came back, the same text if all is well. */
export async function echo(client: SmpClient, text: string, options?: RequestOptions): Promise<string> {
  return await client.request(OS_ECHO, { text }, options);
}
