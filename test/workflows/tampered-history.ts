import type { History } from '@temporalio/common/lib/proto-utils.js';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';

/** The same history, in which the activity of this name was called another. */
export function tampered(history: History, activity: string): History {
  const json = JSON.stringify(JSON.parse(historyToJSON(history)));
  const name = `"activityType":{"name":"${activity}"}`;
  if (!json.includes(name)) throw new Error(`no ${activity} in this history`);
  return historyFromJSON(JSON.parse(json.replaceAll(name, `"activityType":{"name":"another"}`)));
}
