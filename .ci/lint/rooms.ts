// The doors of the house: for each room, the rooms and the packages that its files may import. A room that is not listed
// may import only itself, so a new folder is closed until somebody opens a door here. The longest name that fits a
// file is its room: `pki/x509` is not part of `pki`. A door to `smp` leads to the files directly in it, a door to `smp/*`
// to every room below as well.
//
// Type imports go through the same doors. `node:*` stands for Node's own modules.

/** What one room may import. */
interface Doors {
  readonly rooms?: readonly string[];
  readonly packages?: readonly string[];
}

export const ROOMS: Readonly<Record<string, Doors>> = {
  // Pure values: no Node, no Temporal, nothing of the house.
  provisioning: {},
  disk: { packages: ['node:*'] },
  // Databases, whatever they hold.
  sql: { rooms: ['disk'], packages: ['node:*', 'pg'] },

  // A library in its own right: nothing of Certline.
  smp: { rooms: ['smp/*'] },
  'smp/text': {},
  'smp/wire': { rooms: ['smp'], packages: ['cbor-x/index-no-eval'] },
  'smp/framing': { rooms: ['smp/wire'] },
  'smp/links': {
    rooms: ['smp'],
    packages: [
      'node:*',
      'serialport',
      '@serialport/bindings-cpp/dist/poller.js',
      '@serialport/bindings-cpp/dist/serialport-bindings.js',
    ],
  },
  'smp/requests': { rooms: ['smp/wire', 'smp/text'] },
  'smp/client': { rooms: ['smp', 'smp/wire', 'smp/framing', 'smp/links', 'smp/requests', 'smp/text'] },
  'smp/shell': { rooms: ['smp', 'smp/requests', 'smp/client', 'smp/text'] },
  'smp/files': {
    rooms: ['smp', 'smp/wire', 'smp/requests', 'smp/client', 'smp/shell'],
    packages: ['node:*'],
  },

  // Seven floors; each room sees only rooms above its line.
  pki: {},
  'pki/x509': {
    rooms: ['pki'],
    packages: ['node:*', '@peculiar/asn1-x509', '@peculiar/x509', 'asn1js', 'reflect-metadata'],
  },
  'pki/keys': { rooms: ['pki', 'pki/x509', 'disk', 'provisioning'], packages: ['node:*'] },
  'pki/profile': { rooms: ['pki', 'pki/x509', 'provisioning'] },
  'pki/lint': { rooms: ['pki/x509', 'pki/profile', 'provisioning'], packages: ['node:*'] },
  'pki/certificate': { rooms: ['pki/x509', 'pki/profile', 'provisioning'], packages: ['node:*'] },
  'pki/signers': { rooms: ['pki', 'pki/x509', 'disk'], packages: ['node:*', 'pkcs11js'] },
  'pki/orders': {
    rooms: ['pki', 'pki/x509', 'pki/keys', 'disk', 'provisioning'],
    packages: ['node:*', 'zod'],
  },
  'pki/audit': { rooms: ['pki', 'pki/x509', 'pki/keys'], packages: ['node:*'] },
  'pki/ca': {
    rooms: ['pki', 'pki/x509', 'pki/keys', 'pki/profile', 'pki/certificate', 'pki/signers', 'disk'],
    packages: ['node:*'],
  },
  'pki/revocation': { rooms: ['pki', 'pki/x509', 'pki/certificate', 'pki/ca'], packages: ['node:*'] },
  'pki/signing': {
    rooms: [
      'pki',
      'pki/x509',
      'pki/keys',
      'pki/profile',
      'pki/lint',
      'pki/certificate',
      'pki/orders',
      'pki/ca',
      'provisioning',
    ],
    packages: ['node:*'],
  },
  'pki/ledger': {
    rooms: [
      'pki',
      'pki/x509',
      'pki/orders',
      'pki/audit',
      'pki/signing',
      'pki/revocation',
      'sql',
      'disk',
      'provisioning',
    ],
    packages: ['node:*'],
  },

  manifests: { rooms: ['disk'] },
  'manifests/csv': { rooms: ['manifests'], packages: ['node:*', 'csv-parse/sync'] },
  'manifests/check': { rooms: ['manifests', 'manifests/csv', 'provisioning'], packages: ['node:*'] },
  'manifests/answer': {
    rooms: ['manifests', 'manifests/csv', 'manifests/check', 'disk', 'provisioning'],
    packages: ['node:*'],
  },
  'manifests/intake': {
    rooms: ['manifests', 'manifests/check', 'manifests/answer', 'disk', 'provisioning'],
    packages: ['node:*'],
  },

  registry: { rooms: ['disk', 'provisioning'] },
  'registry/http': { rooms: ['registry', 'provisioning'], packages: ['node:*'] },
  'registry/aws-iot': {
    rooms: ['registry', 'registry/http', 'pki/x509'],
    packages: ['node:*', '@aws-sdk/client-iot'],
  },
  'registry/azure-dps': {
    rooms: ['registry', 'registry/http', 'pki/x509'],
    packages: ['node:*', 'zod'],
  },
  'registry/nrf-cloud': {
    rooms: ['registry', 'registry/http', 'pki/x509', 'provisioning'],
    packages: ['node:*', 'zod'],
  },
  'registry/golioth': { rooms: ['registry', 'registry/http'], packages: ['node:*', 'zod'] },
  'registry/file': {
    rooms: ['registry', 'manifests/csv', 'pki/keys', 'disk'],
    packages: ['node:*'],
  },
  'registry/outbox': { rooms: ['registry'], packages: ['node:*'] },
  'registry/webhook': { rooms: ['registry', 'registry/http'], packages: ['node:*'] },
  'registry/record': { rooms: ['registry', 'sql', 'provisioning'], packages: ['node:*'] },

  fixtures: { rooms: ['provisioning'] },
  'fixtures/board': {
    rooms: ['fixtures', 'fixtures/station', 'smp/*', 'pki', 'pki/keys', 'pki/lint', 'provisioning'],
    packages: ['node:*'],
  },
  'fixtures/station': {
    rooms: ['fixtures', 'fixtures/board', 'sql', 'disk', 'provisioning'],
    packages: ['node:*', 'pino'],
  },

  reports: {
    rooms: [
      'reports/lot-report',
      'registry',
      'manifests/answer',
      'pki/x509',
      'pki/audit',
      'pki/signing',
      'pki/ledger',
      'sql',
      'disk',
      'provisioning',
    ],
    packages: ['node:*'],
  },
  // One signed file about a lot.
  'reports/dossier': { rooms: ['registry', 'pki/keys', 'provisioning'], packages: ['node:*', 'zod'] },
  // One HTML page about a lot.
  'reports/lot-report': {
    rooms: ['registry', 'disk', 'provisioning'],
    packages: ['echarts/charts', 'echarts/components', 'echarts/core', 'echarts/renderers'],
  },
  activities: {
    rooms: [
      'reports',
      'fixtures/*',
      'registry',
      'registry/outbox',
      'pki',
      'pki/keys',
      'pki/lint',
      'pki/audit',
      'pki/signing',
      'provisioning',
    ],
    packages: ['@temporalio/activity', '@temporalio/common', 'zod'],
  },

  // Workflow code runs in Temporal's sandbox: no Node, and no activities.
  workflows: {
    rooms: ['workflows/*', 'provisioning'],
    packages: ['@temporalio/common', '@temporalio/workflow', 'zod/mini'],
  },
  'workflows/board': { rooms: ['workflows', 'provisioning'] },
  // Pure text: what pages of the Temporal UI show.
  'workflows/details': { rooms: ['provisioning'] },
  'workflows/device-registry': {
    rooms: ['workflows', 'workflows/details', 'provisioning'],
    packages: ['@temporalio/workflow'],
  },
  'workflows/order': { rooms: ['provisioning'], packages: ['@temporalio/workflow'] },
  'workflows/unit': {
    rooms: ['workflows', 'workflows/details', 'provisioning'],
    packages: ['@temporalio/workflow'],
  },
  'workflows/rework': {
    rooms: ['workflows', 'workflows/unit', 'provisioning'],
    packages: ['@temporalio/common', '@temporalio/workflow'],
  },
  'workflows/chunk': {
    rooms: ['workflows', 'workflows/unit', 'workflows/details', 'provisioning'],
    packages: ['@temporalio/common', '@temporalio/workflow'],
  },
  'workflows/batch': {
    rooms: ['workflows', 'workflows/chunk', 'workflows/details', 'provisioning'],
    packages: ['@temporalio/common', '@temporalio/workflow'],
  },

  temporal: {
    rooms: ['temporal/server', 'temporal/program', 'temporal/codec', 'pki/keys', 'provisioning'],
    packages: ['node:*', '@temporalio/client', '@temporalio/common', '@temporalio/worker'],
  },
  'temporal/codec': {
    rooms: ['temporal/server', 'disk'],
    packages: ['node:*', '@temporalio/common', '@temporalio/proto', 'zod'],
  },
  'temporal/program': { rooms: ['disk'], packages: ['node:*', '@temporalio/client/package.json', 'zod'] },
  'temporal/server': {
    rooms: ['temporal/program', 'disk'],
    packages: [
      'node:*',
      '@temporalio/client',
      '@temporalio/common/lib/time.js',
      '@temporalio/envconfig',
      '@temporalio/worker',
      'zod',
    ],
  },
  // What can be seen of a process from outside: metrics, health, the service manager.
  monitoring: { rooms: ['provisioning'], packages: ['node:*', 'prom-client'] },
  line: {
    rooms: [
      'monitoring',
      'temporal/*',
      'fixtures/*',
      'registry/*',
      'pki',
      'pki/x509',
      'pki/keys',
      'pki/profile',
      'pki/signers',
      'pki/ca',
      'pki/orders',
      'pki/audit',
      'pki/revocation',
      'pki/ledger',
      'sql',
      'disk',
      'provisioning',
    ],
    packages: ['node:*', '@temporalio/worker', 'pino', 'zod'],
  },
  workers: {
    rooms: [
      'line',
      'monitoring',
      'temporal/*',
      'activities',
      'reports',
      'fixtures/*',
      'registry/*',
      'manifests/*',
      'pki/x509',
      'pki/keys',
      'pki/profile',
      'pki/ca',
      'pki/orders',
      'pki/audit',
      'pki/signing',
      'pki/ledger',
      'disk',
      'provisioning',
    ],
    packages: ['node:*', '@temporalio/client', '@temporalio/common', '@temporalio/worker', 'pino'],
  },
  cli: {
    rooms: [
      'cli/*',
      'workers',
      'line',
      'monitoring',
      'temporal/*',
      'reports',
      'reports/*',
      'fixtures/*',
      'registry/*',
      'manifests/*',
      'pki',
      'pki/x509',
      'pki/keys',
      'pki/profile',
      'pki/certificate',
      'pki/lint',
      'pki/signers',
      'pki/ca',
      'pki/orders',
      'pki/audit',
      'pki/signing',
      'pki/revocation',
      'pki/ledger',
      'smp/*',
      'sql',
      'disk',
      'simulator',
      'provisioning',
    ],
    packages: ['node:*', '@temporalio/client', 'commander', 'pino', 'zod'],
  },
  // What a person sees, drawn: it knows nothing of units and batches.
  'cli/terminal': { packages: ['node:*', 'get-east-asian-width'] },

  // Shares no code with the SMP client: it cannot hide the client's mistakes.
  simulator: { rooms: ['simulator/line'], packages: ['node:*', 'zod'] },
  'simulator/flash': { packages: ['node:*'] },
  'simulator/shell': { rooms: ['simulator', 'simulator/flash'] },
  'simulator/smp': { rooms: ['simulator', 'simulator/flash', 'simulator/shell'], packages: ['node:*'] },
  'simulator/board': {
    rooms: ['simulator', 'simulator/flash', 'simulator/shell', 'simulator/smp', 'disk'],
    packages: ['node:*'],
  },
  'simulator/line': { rooms: ['simulator', 'simulator/board', 'disk'], packages: ['node:*', 'zod'] },

  '.ci': { packages: ['node:*'] },
  '.ci/lint': { packages: ['node:*'] },
  deploy: { rooms: ['temporal', 'temporal/server'] },
  'deploy/package': { rooms: ['workers', 'temporal'], packages: ['node:*', '@temporalio/worker'] },
  bench: {
    rooms: [
      'line',
      'monitoring',
      'workers',
      'temporal/*',
      'registry/*',
      'disk',
      'smp/*',
      'pki/*',
      'provisioning',
      'test/*',
    ],
    packages: ['node:*', '@temporalio/client', '@temporalio/worker', '@temporalio/workflow', 'pg', 'pino'],
  },
};
