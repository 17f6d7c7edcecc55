import type { LineReport, LineTrouble, LineTroubleCode } from '../../provisioning/line-trouble.ts';
import { LINE_TROUBLES_MAX } from '../../provisioning/line-trouble.ts';

/** Sources that a batch keeps: a line has fewer stations. */
const SOURCES_MAX = 200;

/** What is wrong with the line while a batch runs, as its parts report it. Plain state, no Temporal. */
export class BatchLine {
  readonly #bySource: Map<string, readonly LineTrouble[]>;

  constructor(reports: readonly LineReport[] = []) {
    this.#bySource = new Map(reports.map(({ source, trouble }) => [source, trouble]));
  }

  /** Each report of a source takes the place of its last one. */
  hear({ source, trouble }: LineReport): void {
    this.#bySource.delete(source);
    if (trouble.length > 0 && this.#bySource.size < SOURCES_MAX)
      this.#bySource.set(source, trouble.slice(0, LINE_TROUBLES_MAX));
  }

  /** The worst first. What a station said of its sockets before it became silent is left out. */
  get trouble(): LineTrouble[] {
    const { all } = this;
    const silent = new Set(
      all.flatMap(({ code, station }) =>
        code === 'STATION_UNREACHABLE' && station !== undefined ? [station] : [],
      ),
    );
    return all
      .filter(({ station, socket }) => socket === undefined || station === undefined || !silent.has(station))
      .toSorted((a, b) => rank(a.code) - rank(b.code));
  }

  /** All of it, of silent stations too. */
  get all(): LineTrouble[] {
    return [...this.#bySource.values()].flat();
  }

  get reports(): LineReport[] {
    return [...this.#bySource].map(([source, trouble]) => ({ source, trouble }));
  }
}

function rank(code: LineTroubleCode): number {
  const at = ['SIGNER_UNREACHABLE', 'STATION_UNREACHABLE'].indexOf(code);
  if (at >= 0) return at;
  return code === 'SOCKET_SILENT' ? 3 : 2;
}
