/** Runs the parts of the quickstart one after another and keeps their times. */
export class Phases {
  readonly #times: { readonly title: string; readonly seconds: number }[] = [];

  async run<T>(title: string, work: () => Promise<T>): Promise<T> {
    process.stdout.write(`\n== ${title}\n`);
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.#times.push({ title, seconds: (performance.now() - start) / 1000 });
    }
  }

  print(): void {
    const width = Math.max(...this.#times.map(({ title }) => title.length), 5);
    const total = this.#times.reduce((sum, { seconds }) => sum + seconds, 0);
    const line = (title: string, seconds: number) =>
      `  ${title.padEnd(width)}  ${seconds.toFixed(1).padStart(6)} s\n`;
    process.stdout.write('\nTime\n');
    for (const { title, seconds } of this.#times) process.stdout.write(line(title, seconds));
    process.stdout.write(line('Total', total));
  }
}
