import type { Patience } from './patience.ts';
import type { SearchAttributes } from './search-attributes.ts';

/** `OpenTemporalServer` with all defaults filled in. */
export interface LocalServerOptions {
  readonly directory: string;
  readonly namespace: string;
  readonly searchAttributes: SearchAttributes;
  readonly environment: NodeJS.ProcessEnv;
  readonly ui: boolean;
  readonly uiActions: boolean;
  readonly report: (line: string) => void;
  readonly onProgram: (() => void) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly patience: Patience;
}
