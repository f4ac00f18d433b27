import { ProvisioningError } from '@provisioning/extensions-sdk';

/** What one rule found. */
export class Findings {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  error(text: string): void {
    this.errors.push(text);
  }

  warn(text: string): void {
    this.warnings.push(text);
  }

  /** Takes every warning for an error. */
  escalate(): void {
    this.errors.push(...this.warnings.splice(0));
  }

  /** The result of some work; what it throws is a finding. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const failure = ProvisioningError.from(error);
      const { location } = failure;
      const place = location?.line === undefined ? '' : ` (line ${location.line})`;
      this.errors.push(`${failure.message}${failure.message.includes(':') ? '' : place}`);
      return undefined;
    }
  }

  toJSON(): { passed: boolean; errors: readonly string[]; warnings: readonly string[] } {
    return { passed: this.errors.length === 0, errors: this.errors, warnings: this.warnings };
  }
}
