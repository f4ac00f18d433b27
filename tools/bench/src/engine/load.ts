/** The load that every engine gets: workflows of ten dependent steps that do nothing, a hundred at once. */
export const stepsOfWorkflow = 10;
export const atOnce = 100;

/** Runs `count` workflows, `atOnce` at a time. @returns steps a second */
export async function stepsPerSecond(count: number, one: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await one();
    }),
  );
  return (count * stepsOfWorkflow) / ((performance.now() - began) / 1000);
}
