import type { DrainReport } from '../../provisioning/outbox-drain.ts';
import { unitCount, verbatim } from './markdown.ts';

/** Markdown for the current details of a device registry: what it must yet have, since when, and what to do. */
export function drainDetails(registry: string, report: DrainReport): string {
  const { isConfigured, waiting, parked, oldestAt, trouble } = report;
  const name = verbatim(registry);
  if (!isConfigured && waiting + parked === 0) return `${name} is no longer in the configuration.`;
  if (!isConfigured)
    return `${name} is no longer in the configuration, and does not have ${unitCount(waiting + parked)}. \`certline registry status\` shows the ways out.`;
  if (waiting + parked === 0) return `${name} has every unit.`;
  const lines = [
    `${name} does not have ${unitCount(waiting + parked)} yet.`,
    '',
    `- Waiting: ${waiting}`,
    `- Parked: ${parked}`,
    ...(oldestAt === undefined ? [] : [`- Oldest: since ${oldestAt}`]),
    ...(trouble === undefined ? [] : [`- Now: ${verbatim(trouble)}`]),
    '',
    `\`certline registry status\` shows the causes. \`certline registry retry\` tries again what is parked.`,
  ];
  return lines.join('\n');
}
