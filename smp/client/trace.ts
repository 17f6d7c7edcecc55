/** One message on its way, for a log: never what is in a secret file. */
export interface TraceEvent {
  direction: 'sent' | 'received';
  /** Of the request, e.g. `file download`. */
  request: string;
  group: number;
  id: number;
  sequence: number;
  messageBytes: number;
  /** Since the request was sent. */
  elapsedMs: number;
  /** The body in hex; only where asked for, and never while a secret passes. */
  content: string | undefined;
}

/** Where trace events go, and whether with the content of messages (files included). */
export interface TraceOptions {
  onEvent: (event: TraceEvent) => void;
  /** Default false. */
  withContent?: boolean;
}
