/** Somebody's text, not as Markdown. */
export function verbatim(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/** A link to the page of a workflow in the Temporal UI: its last run. */
export function workflowLink(namespace: string, workflowId: string, label: string): string {
  return `[${label}](/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)})`;
}

/** A link to the list of workflows that a query finds, in the Temporal UI. */
export function listLink(namespace: string, query: string, label: string): string {
  return `[${label}](/namespaces/${encodeURIComponent(namespace)}/workflows?query=${encodeURIComponent(query)})`;
}

/** `1 unit`, `2 units`. */
export function unitCount(units: number): string {
  return units === 1 ? '1 unit' : `${units} units`;
}
