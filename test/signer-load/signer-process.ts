/**
 * The signer as a process of its own, with the parts of `workers/signer.ts` and a pipe in Temporal's place. Argument:
 * state folder. Nothing is opened before the first message says where this life ends.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import { profileOfProduct } from '../../pki/profile/certificate-profile.ts';
import { Issuer } from '../../pki/signing/issuer.ts';
import { OrderDesk } from '../../pki/orders/order-desk.ts';
import type { Signer } from '../../pki/signers/signer.ts';
import { openLedgerFile } from '../../pki/ledger/ledger-database.ts';
import { SigningDesk } from '../../pki/signing/signing-desk.ts';
import { StationGate } from '../../pki/signing/station-gate.ts';
import type { Product } from '../../provisioning/product.ts';
import { openLineAudit, witness } from '../../line/audit.ts';
import { assertUnaltered } from '../../line/unaltered-ledger.ts';
import { intakeKeysPath } from '../../line/state-folder.ts';
import { openPermitKey } from '../../line/trusted-keys.ts';
import { readVerifierKeys } from '../../pki/keys/verifier-key-file.ts';
import { openLineCa } from '../../line/ca.ts';
import { publishCrl } from '../../line/crl.ts';
import { asActivity } from './as-activity.ts';
import { KillPoints } from './kill-points.ts';
import { killLogPath, recordPlaces } from './load-places.ts';
import { SignatureJournal } from './signature-journal.ts';
import type { Doom, FromSigner, Handover, SignerWork, ToSigner, WorkMessage } from './signer-messages.ts';
import { bindingProxy, watchedLedger } from './watched-ledger.ts';

const [stateFolder = ''] = process.argv.slice(2);
const doom = await new Promise<Doom>((resolve) => process.once('message', resolve));
const places = recordPlaces(stateFolder);
const points = new KillPoints(doom, killLogPath(stateFolder));
const handovers = new AsyncLocalStorage<Handover>();

const ledger = watchedLedger(openLedgerFile(places.ledger), points);
points.pass('after opening the ledger');
const auditLog = bindingProxy(ledger.auditLog, {
  auditHead: () => {
    points.pass('before making a checkpoint');
    return ledger.auditLog.auditHead();
  },
});
const audited = bindingProxy(ledger, { auditLog });
const audit = await openLineAudit({ stateFolder, ledger: audited, witnessFile: undefined });
// After a kill at any point, too, the ledger is what its audit log says.
await assertUnaltered(audited);
const journal = new SignatureJournal(places.journal, places.ledger);
journal.lifeBegins();

const plainCa = openLineCa(stateFolder);
const ca = { ...plainCa, signer: countedSigner(plainCa.signer) };
const products = JSON.parse(readFileSync(places.products, 'utf8')) as Product[];
const profiles = new Map(products.map((product) => [product.name, profileOfProduct(product)]));
const issuer = new Issuer({
  ca,
  issuances: ledger.issuances,
  profileOf: (product) => profiles.get(product),
  now: () => new Date(Date.now() + (handovers.getStore()?.clockOffsetMs ?? 0)),
  atStep: (step) => points.pass(`step ${step}`),
});
const orders = new OrderDesk({ folder: places.orders, releaseKeys: places.releaseKeys }, ledger.orders);
const stations = new StationGate(ledger.stations, ledger.stations.rates);

// Its registry compares no logs.
const NO_LOG = { name: 'none', newest: () => '' };

const permitKey = openPermitKey(stateFolder);
const intakes = () => readVerifierKeys(intakeKeysPath(stateFolder));

const work: SignerWork = {
  ...createSignerActivities(
    new SigningDesk({ issuer, ledger, orders, stations, permitKey, intakes, log: NO_LOG }),
  ),
  closeOrder: ({ order }) => ledger.orders.closeOrder(order),
  revokeByHand: async ({ requestId, reason }) =>
    void (await ledger.issuances.revoke(requestId, reason, 'a person')),
  hold: ({ requestId }) => ledger.withdrawals.hold(requestId),
  endHold: async ({ requestId }) => void (await ledger.withdrawals.endHold(requestId)),
  admitStation: (station) => ledger.stations.admitStation(station),
  setStationState: ({ stationId, state }) => ledger.stations.setStationState(stationId, state, 'by hand'),
  publishCrl: async () => {
    await publishCrl({ ca, ledger, stateFolder });
    points.pass('after writing the revocation list');
  },
  checkpoint: async () => {
    const checkpoint = await witness(audit);
    points.pass('after writing the witness');
    ledger.auditLog.witnessed(checkpoint);
  },
};

process.on('message', (message: ToSigner) => {
  if (message === 'stop') void stop();
  else void answer(message);
});
tell('ready');

async function answer(message: WorkMessage): Promise<void> {
  if (message.work === 'signCertificate') points.countRequest();
  try {
    const run = work[message.work] as (input: unknown) => Promise<unknown>;
    const value = await handovers.run(message, () => asActivity(() => run(message.input), message.askedAtMs));
    tell({ id: message.id, value });
  } catch (error) {
    const { type, code, message: text } = error as { type?: string; code?: string; message: string };
    tell({ id: message.id, code: type ?? code ?? 'UNKNOWN', message: text });
  }
  if (message.work === 'signCertificate') points.countAnswer();
}

async function stop(): Promise<void> {
  journal.lifeEnds();
  await ledger.close();
  process.disconnect();
}

function tell(message: FromSigner): void {
  process.send?.(message);
}

/** The CA's signer, with every signature in the journal before it is made. */
function countedSigner(signer: Signer): Signer {
  return {
    id: signer.id,
    spki: signer.spki,
    sign: async (message, context) => {
      const kind = context.requestId.startsWith('crl/') ? 'revocation list' : 'certificate';
      points.pass(`before signing a ${kind}`);
      journal.signatureAsked(context.requestId, message);
      const signature = await signer.sign(message, context);
      points.pass(`after signing a ${kind}`);
      return signature;
    },
    probe: () => signer.probe(),
    close: () => signer.close(),
  };
}
