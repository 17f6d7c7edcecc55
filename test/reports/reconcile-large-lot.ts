/** Reconciles as many certificates as its argument says, and prints what was found and the most memory it had, in KiB. */
import { reconcile } from '../../reports/reconcile.ts';
import { registryOf, signerRecords } from './large-lot.ts';

const count = Number(process.argv[2]);
const { counts, differences } = await reconcile(signerRecords(count), registryOf(count));
console.log(JSON.stringify({ counts, differences, maxRss: process.resourceUsage().maxRSS }));
