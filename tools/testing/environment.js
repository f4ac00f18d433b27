import { TestEnvironment } from 'jest-environment-node';

/** Milliseconds. A limit finds what hangs; it must not find that a machine is slow or busy. */
const least = 300_000;

/** Node, where no test and no hook has less time than that, whatever limit it names for itself. */
export default class PatientEnvironment extends TestEnvironment {
  handleTestEvent(event) {
    if (event.name === 'hook_start') event.hook.timeout = Math.max(event.hook.timeout ?? 0, least);
    if (event.name === 'test_fn_start') event.test.timeout = Math.max(event.test.timeout ?? 0, least);
  }
}
