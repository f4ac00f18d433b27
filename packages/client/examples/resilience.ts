/** Retries, a circuit breaker, and something else to do when both have given up: `node resilience.ts`. */
import { isCircuitOpenError, ProvisioningClient } from '@provisioning/client';
import { CircuitBreaker, executeWithRetry } from '@provisioning/client/resilience';

await using client = new ProvisioningClient({ retry: false });
const breaker = new CircuitBreaker({ threshold: 3, timeout: 10_000 });
breaker.on('stateChange', ({ from, to }) => console.log(`Circuit: ${from} to ${to}`));

try {
  const health = await executeWithRetry(() => breaker.execute(() => client.getSystemHealth()), {
    maxAttempts: 2,
    authenticate: () => client.authenticate({ force: true }),
    onRetry: (error, attempt, wait) =>
      console.log(`Attempt ${attempt} failed (${(error as Error).message}), again in ${wait.toFixed(1)} s`),
  });
  console.log(`Health: ${String(health['overall_status'])}`);
} catch (error) {
  console.log(
    isCircuitOpenError(error) ? 'Not asked: the circuit is open' : `Unknown: ${(error as Error).message}`,
  );
}
