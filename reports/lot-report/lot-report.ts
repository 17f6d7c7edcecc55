import { writeWhole } from '../../disk/write-whole.ts';
import { hintOf } from '../../provisioning/failure-table.ts';
import type { AttemptRecord, BatchRecord, Registry, UnitRecord } from '../../registry/registry.ts';
import { escaped, table } from './html.ts';
import { lotFacts } from './lot-facts.ts';
import type { LotFacts, Tried } from './lot-facts.ts';
import { barPlot } from './plots.ts';

/**
 * Writes the report of a batch to `path`: one HTML page without scripts that loads nothing. Units are streamed. Throws
 * RegistryError, and what `writeWhole` throws.
 */
export async function writeLotReport(registry: Registry, batch: BatchRecord, path: string): Promise<void> {
  const facts = await lotFacts(registry, batch.batchId);
  const decisions = await registry.batchDecisions(batch.batchId);
  async function* parts(): AsyncGenerator<string> {
    yield head(batch);
    yield counts(facts);
    yield decisionPart(decisions);
    yield failurePart(facts);
    yield timePart(facts);
    yield '<h2>Units</h2><table class="units"><thead><tr><th>Serial</th><th>Outcome</th><th>Code</th><th>History</th></tr></thead><tbody>';
    for await (const unit of registry.unitRecords(batch.batchId)) yield unitRow(unit);
    yield '</tbody></table></body></html>\n';
  }
  await writeWhole(path, 0o644, parts());
}

const STYLE = `
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; break-after: avoid; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; break-after: avoid; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #ddd; overflow-wrap: break-word; }
th { white-space: nowrap; font-weight: 600; background: #f4f4f4; } thead { display: table-header-group; } tr { break-inside: avoid; }
svg { max-width: 100%; height: auto; display: block; break-inside: avoid; }
.units td:nth-child(-n+3) { white-space: nowrap; } .units ul { margin: 0; padding-left: 1rem; }
.FAIL, .ERROR, .worn { color: #b3261e; font-weight: 600; } .HOLD { color: #8a5a00; font-weight: 600; }
@page { margin: 15mm; } @media print { body { margin: 0; max-width: none; font-size: 10pt; } }`;

/** No script and no address of another host can do anything on this page, whatever gets into it. */
const POLICY = `default-src 'none'; style-src 'unsafe-inline'`;

function head(batch: BatchRecord): string {
  const { batchId, order, manifest, manifestSha256, importedAt, closedAt, state } = batch;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width"><title>${escaped(batchId)}</title><style>${STYLE}</style></head><body>
<h1>Lot ${escaped(batchId)}</h1>
${table(
  ['About', ''],
  [
    ['Order', order],
    ['Manifest', manifest],
    ['SHA-256 of the manifest', manifestSha256],
    ['Accepted', importedAt],
    ['Closed', state === 'closed' ? (closedAt ?? '') : 'not yet'],
    ['Report written', new Date().toISOString()],
  ],
)}`;
}

function counts(facts: LotFacts): string {
  const { ordered, passed, failed, scrapped, errors, held, open, firstPass, attempts } = facts;
  const sum = `${passed} passed + ${failed} failed + ${errors} errors + ${held} held + ${open} open = ${ordered} ordered`;
  return `<h2>Yield</h2>
${table(
  ['Ordered', 'Passed', 'Failed', 'of them scrapped', 'Errors of the line', 'Held', 'Open'],
  [[ordered, passed, failed, scrapped, errors, held, open]],
)}
<p>${escaped(sum)}.</p>
${table(
  ['First-pass yield', 'Final yield', 'Attempts'],
  [[shareOf(firstPass, ordered), shareOf(passed, ordered), attempts]],
)}`;
}

function decisionPart(decisions: Awaited<ReturnType<Registry['batchDecisions']>>): string {
  if (decisions.length === 0) return '';
  const rows = decisions.map(({ verdict, detail = '', by = '', decidedAt, reason = '' }) => [
    verdict,
    detail,
    by,
    decidedAt,
    reason,
  ]);
  return `<h2>Decisions about the lot</h2>${table(['Decision', 'About', 'By', 'When', 'Why'], rows)}`;
}

function failurePart({ codes, steps, stations, sockets, attempts }: LotFacts): string {
  if (codes.length === 0) return `<h2>Failures</h2><p>None of ${attempts} attempts failed.</p>`;
  const worn = sockets.filter(({ isWorn }) => isWorn).map(({ name }) => name);
  const note =
    worn.length === 0
      ? ''
      : `<p class="worn">Look at ${escaped(worn.join(', '))}: more attempts fail there than chance explains.</p>`;
  const total = codes.reduce((sum, { failed }) => sum + failed, 0);
  let running = 0;
  const pareto = codes.map(({ name, failed }) => {
    running += failed;
    return [name, failed, shareOf(running, total), hintOf(name) ?? ''];
  });
  return `<h2>Failures</h2><p>${total} of ${attempts} attempts failed.</p>${note}
<h3>By code</h3>${barPlot(codes.map(({ name, failed }) => ({ name, value: failed, label: String(failed) })))}
${table(['Code', 'Attempts', 'Share, summed up', 'What it means'], pareto)}
<h3>By step</h3>${triedPart('Step', steps)}
<h3>By station</h3>${triedPart('Station', stations)}
<h3>By socket</h3>${triedPart('Socket', sockets, new Set(worn))}`;
}

function triedPart(what: string, all: readonly Tried[], marked: ReadonlySet<string> = new Set()): string {
  const bars = all.map(({ name, failed, tried }) => ({
    name,
    value: failed / tried,
    label: `${failed} of ${tried}`,
    isMarked: marked.has(name),
  }));
  const rows = all.map(({ name, failed, tried }) => [name, tried, failed, shareOf(failed, tried)]);
  return `${barPlot(bars)}${table([what, 'Attempts', 'Failed', 'Share'], rows)}`;
}

function timePart({ times }: LotFacts): string {
  if (times.length === 0) return '';
  const bars = times.map(({ step, median, p95 }) => ({
    name: step,
    value: p95,
    label: `${median.toFixed(1)} / ${p95.toFixed(1)} s`,
  }));
  const rows = times.map(({ step, units, median, p95 }) => [step, units, median.toFixed(2), p95.toFixed(2)]);
  return `<h2>Step times</h2><p>Of the units that passed, in seconds: median and 95th percentile.</p>
${barPlot(bars)}${table(['Step', 'Units', 'Median', '95th percentile'], rows)}`;
}

function unitRow(unit: UnitRecord): string {
  const { serial, outcome = unit.attention ? 'waits' : 'open', code = '', attrs } = unit;
  const history = [
    ...Object.entries(attrs).map(([name, value]) => `${name}: ${value}`),
    ...unit.attempts.map(attemptText),
    ...unit.decisions.map(
      ({ verdict, by = 'nobody named', decidedAt, reason }) =>
        `${decidedAt}: ${verdict} by ${by}${reason === undefined ? '' : `: ${reason}`}`,
    ),
    ...unit.certificates.map(
      ({ certificateSerial, state, registeredAt }) =>
        `${registeredAt}: certificate ${certificateSerial}, ${state}`,
    ),
  ];
  const items = history.map((each) => `<li>${escaped(each)}</li>`).join('');
  return `<tr><td>${escaped(serial)}</td><td class="${outcome}">${outcome}</td><td>${escaped(code)}</td><td><ul>${items}</ul></td></tr>\n`;
}

function attemptText({
  attempt,
  cause,
  startedAt,
  stationId,
  socket,
  boardId,
  ...rest
}: AttemptRecord): string {
  const where =
    stationId === undefined ? 'no board' : `${stationId}/${socket ?? '?'}, board ${boardId ?? 'unknown'}`;
  const how = rest.code === undefined ? 'passed' : `${rest.code} at ${rest.step}`;
  const what = rest.message === undefined ? '' : `: ${rest.message}`;
  return `${startedAt ?? rest.finishedAt ?? ''}: attempt ${attempt} (${cause}), ${where}: ${how}${what}`;
}

function shareOf(part: number, all: number): string {
  return all === 0 ? '-' : `${((100 * part) / all).toFixed(1)} %`;
}
