import { proxyActivities } from '@temporalio/workflow';

const { work } = proxyActivities<{ work(name: string): Promise<string> }>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '10 seconds',
});

export async function oneStep(name: string): Promise<string> {
  return await work(name);
}
